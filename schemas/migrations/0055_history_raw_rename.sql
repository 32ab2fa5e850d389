CREATE TABLE IF NOT EXISTS `history`.`raw_rename`
(
    `source` LowCardinality(String) COMMENT 'Who says so.',
    `change_date` Date COMMENT 'First day of the new ticker.' CODEC(DoubleDelta, ZSTD(1)),
    `old_symbol` LowCardinality(String) COMMENT 'Ticker before.',
    `new_symbol` LowCardinality(String) COMMENT 'Ticker from the day on.',
    `payload` LowCardinality(String) COMMENT 'SHA-256 of the answer the row was read from.',
    `stood` Bool COMMENT 'Whether the row stood in the table at the instant; where false, nothing stood in its place.',
    `seen_at` DateTime64(3, 'UTC') COMMENT 'When that was seen, just before the window was replaced; unit: UTC' CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (`source`, `change_date`, `old_symbol`, `seen_at`)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'What raw.rename held before its windows were replaced, row by row.'
