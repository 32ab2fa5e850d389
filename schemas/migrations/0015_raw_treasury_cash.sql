CREATE TABLE IF NOT EXISTS `raw`.`treasury_cash`
(
    `statement` LowCardinality(String) COMMENT 'Statement the row is from.',
    `record_date` Date COMMENT 'Business day of the balance.' CODEC(DoubleDelta, ZSTD(1)),
    `account_type` LowCardinality(String) COMMENT 'Label of the row.',
    `open_today` Nullable(Int64) COMMENT 'Figure of the column for the opening balance of the day; unit: USD mn' CODEC(T64, ZSTD(1)),
    `close_today` Nullable(Int64) COMMENT 'Figure of the column for the closing balance of the day; unit: USD mn' CODEC(T64, ZSTD(1)),
    `payload` LowCardinality(String) COMMENT 'SHA-256 of the answer the row was read from.',
    PROJECTION stretches (SELECT `statement`, `payload`, min(`record_date`), max(`record_date`), count() GROUP BY `statement`, `payload`)
)
ENGINE = MergeTree
PARTITION BY (`statement`, toYear(`record_date`))
ORDER BY (`statement`, `record_date`, `account_type`)
COMMENT 'Operating cash balance of the Daily Treasury Statement, row by row.'
