CREATE TABLE IF NOT EXISTS `ops`.`run`
(
    `run_id` String COMMENT 'Run.' CODEC(ZSTD(1)),
    `command` LowCardinality(String) COMMENT 'Command or service that asked for it.',
    `job` LowCardinality(String) COMMENT 'Job.',
    `dataset` LowCardinality(String) COMMENT 'Table it brings up to date.',
    `part` LowCardinality(String) COMMENT 'Part of the table.',
    `from_date` Date COMMENT 'First day of the window.' CODEC(DoubleDelta, ZSTD(1)),
    `to_date` Date COMMENT 'First day after the window.' CODEC(DoubleDelta, ZSTD(1)),
    `reason` String COMMENT 'Why the window was stale.' CODEC(ZSTD(1)),
    `started_at` DateTime64(3, 'UTC') COMMENT 'When it started; unit: UTC' CODEC(DoubleDelta, ZSTD(1)),
    `finished_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'When it ended; unit: UTC' CODEC(DoubleDelta, ZSTD(1)),
    `outcome` LowCardinality(String) COMMENT 'running, ok, unchanged, no_data, not_yet, failed or stopped.',
    `rows` Int64 COMMENT 'Rows of the window built; unit: rows' CODEC(T64, ZSTD(1)),
    `requests` Int64 COMMENT 'Answers asked of publishers; unit: requests' CODEC(T64, ZSTD(1)),
    `owner` String COMMENT 'Host, process and its start time.' CODEC(ZSTD(1)),
    `error` String COMMENT 'What went wrong.' CODEC(ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (`started_at`, `run_id`, `outcome`)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'The run log: a line when a run starts and one when it ends.'
