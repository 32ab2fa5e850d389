CREATE TABLE IF NOT EXISTS `ops`.`window`
(
    `dataset` LowCardinality(String) COMMENT 'Table.',
    `part` LowCardinality(String) COMMENT 'Part of the table.',
    `from_date` Date COMMENT 'First day of the window.' CODEC(DoubleDelta, ZSTD(1)),
    `to_date` Date COMMENT 'First day after the window.' CODEC(DoubleDelta, ZSTD(1)),
    `rows` Int64 COMMENT 'Rows in the window; unit: rows' CODEC(T64, ZSTD(1)),
    `content` String COMMENT 'Fingerprint of the rows without their origin columns.' CODEC(ZSTD(1)),
    `inputs` String COMMENT 'Fingerprint of what went in.' CODEC(ZSTD(1)),
    `method` LowCardinality(String) COMMENT 'Version of the code that built it.',
    `run_id` String COMMENT 'Run that built it.' CODEC(ZSTD(1)),
    `swap_id` String COMMENT 'Swap that made it visible; empty when the content was unchanged.' CODEC(ZSTD(1)),
    `built_at` DateTime64(3, 'UTC') COMMENT 'When it was last found to be up to date; unit: UTC' CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (`dataset`, `part`, `from_date`, `built_at`)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Builds of windows; the newest line of a window tells its state.'
