ALTER TABLE `ops`.`run` ADD COLUMN IF NOT EXISTS `cause` String COMMENT 'What asked for it: a command, a slot, a backfill, a person on the page.' CODEC(ZSTD(1))
