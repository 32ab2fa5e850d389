CREATE TABLE IF NOT EXISTS `ops`.`log`
(
    `run_id` String COMMENT 'Run.' CODEC(ZSTD(1)),
    `at` DateTime64(3, 'UTC') COMMENT 'When it was logged; unit: UTC' CODEC(DoubleDelta, ZSTD(1)),
    `line` Int64 COMMENT 'Order within the run.' CODEC(T64, ZSTD(1)),
    `level` LowCardinality(String) COMMENT 'DEBUG, INFO, WARN or ERROR.',
    `message` String COMMENT 'What happened.' CODEC(ZSTD(1)),
    `facts` String COMMENT 'The line\'s attributes, as key=value.' CODEC(ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (`run_id`, `line`)
TTL toDateTime(`at`) + INTERVAL 90 DAY
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'What was logged while runs were at work.'
