CREATE TABLE IF NOT EXISTS `raw`.`rename`
(
    `source` LowCardinality(String) COMMENT 'Who says so.',
    `change_date` Date COMMENT 'First day of the new ticker.' CODEC(DoubleDelta, ZSTD(1)),
    `old_symbol` LowCardinality(String) COMMENT 'Ticker before.',
    `new_symbol` LowCardinality(String) COMMENT 'Ticker from the day on.',
    `payload` LowCardinality(String) COMMENT 'SHA-256 of the answer the row was read from.',
    PROJECTION stretches (SELECT `source`, `payload`, min(`change_date`), max(`change_date`), count() GROUP BY `source`, `payload`)
)
ENGINE = MergeTree
PARTITION BY (`source`)
ORDER BY (`source`, `change_date`, `old_symbol`)
COMMENT 'Changes of ticker.'
