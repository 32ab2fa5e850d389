CREATE TABLE IF NOT EXISTS `ops`.`check`
(
    `run_id` String COMMENT 'Run that was checked.' CODEC(ZSTD(1)),
    `check_name` LowCardinality(String) COMMENT 'Check.',
    `dataset` LowCardinality(String) COMMENT 'Table.',
    `part` LowCardinality(String) COMMENT 'Part of the table.',
    `from_date` Date COMMENT 'First day of the window.' CODEC(DoubleDelta, ZSTD(1)),
    `to_date` Date COMMENT 'First day after the window.' CODEC(DoubleDelta, ZSTD(1)),
    `severity` LowCardinality(String) COMMENT 'error or warning.',
    `passed` Bool COMMENT 'Whether it passed.',
    `message` String COMMENT 'What was found.' CODEC(ZSTD(1)),
    `at` DateTime64(3, 'UTC') COMMENT 'When it was checked; unit: UTC' CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (`dataset`, `part`, `from_date`, `at`, `check_name`)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Outcomes of checks.'
