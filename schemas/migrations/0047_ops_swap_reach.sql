ALTER TABLE `ops`.`swap` ADD COLUMN IF NOT EXISTS `reach` Nullable(Date32) COMMENT 'Newest day that the window has ever held, once the swap is done.' CODEC(DoubleDelta, ZSTD(1))
