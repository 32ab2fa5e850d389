CREATE TABLE IF NOT EXISTS `history`.`raw_treasury_cash`
(
    `statement` LowCardinality(String) COMMENT 'Statement the row is from.',
    `record_date` Date COMMENT 'Business day of the balance.' CODEC(DoubleDelta, ZSTD(1)),
    `account_type` LowCardinality(String) COMMENT 'Label of the row.',
    `open_today` Nullable(Int64) COMMENT 'Figure of the column for the opening balance of the day; unit: USD mn' CODEC(T64, ZSTD(1)),
    `close_today` Nullable(Int64) COMMENT 'Figure of the column for the closing balance of the day; unit: USD mn' CODEC(T64, ZSTD(1)),
    `payload` LowCardinality(String) COMMENT 'SHA-256 of the answer the row was read from.',
    `stood` Bool COMMENT 'Whether the row stood in the table at the instant; where false, nothing stood in its place.',
    `seen_at` DateTime64(3, 'UTC') COMMENT 'When that was seen, just before the window was replaced; unit: UTC' CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (`statement`, `record_date`, `account_type`, `seen_at`)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'What raw.treasury_cash held before its windows were replaced, row by row.'
