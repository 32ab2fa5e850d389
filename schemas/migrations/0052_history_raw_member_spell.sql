CREATE TABLE IF NOT EXISTS `history`.`raw_member_spell`
(
    `index_name` LowCardinality(String) COMMENT 'Index.',
    `symbol` LowCardinality(String) COMMENT 'Ticker of the time.',
    `from_date` Date COMMENT 'First day in the index.' CODEC(DoubleDelta, ZSTD(1)),
    `to_date` Nullable(Date32) COMMENT 'First day out of the index; empty while it lasts.' CODEC(DoubleDelta, ZSTD(1)),
    `payload` LowCardinality(String) COMMENT 'SHA-256 of the answer the row was read from.',
    `stood` Bool COMMENT 'Whether the row stood in the table at the instant; where false, nothing stood in its place.',
    `seen_at` DateTime64(3, 'UTC') COMMENT 'When that was seen, just before the window was replaced; unit: UTC' CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (`index_name`, `symbol`, `from_date`, `seen_at`)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'What raw.member_spell held before its windows were replaced, row by row.'
