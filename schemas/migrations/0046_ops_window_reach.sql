ALTER TABLE `ops`.`window` ADD COLUMN IF NOT EXISTS `reach` Nullable(Date32) COMMENT 'Newest day that the window has ever held.' CODEC(DoubleDelta, ZSTD(1))
