CREATE TABLE IF NOT EXISTS `raw`.`rename`
(
    `source` LowCardinality(String) COMMENT 'Who says so.',
    `change_date` Date COMMENT 'First day of the new ticker.' CODEC(DoubleDelta, ZSTD(1)),
    `old_symbol` LowCardinality(String) COMMENT 'Ticker before.',
    `new_symbol` LowCardinality(String) COMMENT 'Ticker from the day on.',
    `payload` LowCardinality(String) COMMENT 'SHA-256 of the answer the row was read from.'
)
ENGINE = MergeTree
PARTITION BY (`source`)
ORDER BY (`source`, `change_date`, `old_symbol`)
COMMENT 'Changes of ticker.'
