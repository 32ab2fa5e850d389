CREATE TABLE IF NOT EXISTS `ops`.`swap`
(
    `swap_id` String COMMENT 'Swap.' CODEC(ZSTD(1)),
    `dataset` LowCardinality(String) COMMENT 'Table.',
    `part` LowCardinality(String) COMMENT 'Part of the table.',
    `from_date` Date COMMENT 'First day of the window.' CODEC(DoubleDelta, ZSTD(1)),
    `to_date` Date COMMENT 'First day after the window.' CODEC(DoubleDelta, ZSTD(1)),
    `step` LowCardinality(String) COMMENT 'staging, verified, swapped, done or undone.',
    `staging` String COMMENT 'Staging table.' CODEC(ZSTD(1)),
    `rows` Int64 COMMENT 'Rows staged; unit: rows' CODEC(T64, ZSTD(1)),
    `hash` String COMMENT 'Fingerprint of all columns.' CODEC(ZSTD(1)),
    `content` String COMMENT 'Fingerprint without the origin columns.' CODEC(ZSTD(1)),
    `inputs` String COMMENT 'Fingerprint of what went in.' CODEC(ZSTD(1)),
    `method` LowCardinality(String) COMMENT 'Version of the code.',
    `run_id` String COMMENT 'Run.' CODEC(ZSTD(1)),
    `owner` String COMMENT 'Host, process and its start time.' CODEC(ZSTD(1)),
    `at` DateTime64(3, 'UTC') COMMENT 'When the step was reached; unit: UTC' CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (`dataset`, `part`, `from_date`, `swap_id`, `at`)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Journal of window swaps.'
