CREATE TABLE IF NOT EXISTS `history`.`raw_constituent`
(
    `index_name` LowCardinality(String) COMMENT 'Index.',
    `as_of` Date COMMENT 'Day the list speaks of.' CODEC(DoubleDelta, ZSTD(1)),
    `symbol` LowCardinality(String) COMMENT 'Ticker of the day.',
    `name` String COMMENT 'Company name.' CODEC(ZSTD(1)),
    `sector` LowCardinality(String) COMMENT 'GICS sector.',
    `sub_industry` LowCardinality(String) COMMENT 'GICS sub-industry.',
    `cik` Int64 COMMENT 'SEC registrant number of the issuer.' CODEC(T64, ZSTD(1)),
    `date_added` Nullable(Date32) COMMENT 'Day it joined the index.' CODEC(DoubleDelta, ZSTD(1)),
    `payload` LowCardinality(String) COMMENT 'SHA-256 of the answer the row was read from.',
    `stood` Bool COMMENT 'Whether the row stood in the table at the instant; where false, nothing stood in its place.',
    `seen_at` DateTime64(3, 'UTC') COMMENT 'When that was seen, just before the window was replaced; unit: UTC' CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (`index_name`, `as_of`, `symbol`, `seen_at`)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'What raw.constituent held before its windows were replaced, row by row.'
