CREATE TABLE IF NOT EXISTS `history`.`raw_soma_holding`
(
    `portfolio` LowCardinality(String) COMMENT 'Part of the account: treasury.',
    `as_of` Date COMMENT 'Day at whose close the security was held.' CODEC(DoubleDelta, ZSTD(1)),
    `cusip` LowCardinality(String) COMMENT 'CUSIP of the security.',
    `kind` LowCardinality(String) COMMENT 'Bills, NotesBonds, FRNs or TIPS.',
    `maturity` Date32 COMMENT 'Day on which the security falls due.' CODEC(DoubleDelta, ZSTD(1)),
    `par` Float64 COMMENT 'Par value, without inflation compensation; unit: USD' CODEC(ZSTD(1)),
    `compensation` Nullable(Float64) COMMENT 'What inflation has added to the par of an indexed security; empty for others; unit: USD' CODEC(ZSTD(1)),
    `payload` LowCardinality(String) COMMENT 'SHA-256 of the answer the row was read from.',
    `stood` Bool COMMENT 'Whether the row stood in the table at the instant; where false, nothing stood in its place.',
    `seen_at` DateTime64(3, 'UTC') COMMENT 'When that was seen, just before the window was replaced; unit: UTC' CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (`portfolio`, `as_of`, `cusip`, `seen_at`)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'What raw.soma_holding held before its windows were replaced, row by row.'
