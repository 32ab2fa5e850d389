CREATE TABLE IF NOT EXISTS `history`.`raw_member_change`
(
    `index_name` LowCardinality(String) COMMENT 'Index.',
    `change_date` Date COMMENT 'Effective before the open of this day.' CODEC(DoubleDelta, ZSTD(1)),
    `symbol` LowCardinality(String) COMMENT 'Ticker of the time.',
    `added` Bool COMMENT 'True for an entry, false for an exit.',
    `payload` LowCardinality(String) COMMENT 'SHA-256 of the answer the row was read from.',
    `stood` Bool COMMENT 'Whether the row stood in the table at the instant; where false, nothing stood in its place.',
    `seen_at` DateTime64(3, 'UTC') COMMENT 'When that was seen, just before the window was replaced; unit: UTC' CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (`index_name`, `change_date`, `added`, `symbol`, `seen_at`)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'What raw.member_change held before its windows were replaced, row by row.'
