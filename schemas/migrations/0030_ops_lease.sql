CREATE TABLE IF NOT EXISTS `ops`.`lease`
(
    `owner` String COMMENT 'Host, process and its start time.' CODEC(ZSTD(1)),
    `role` LowCardinality(String) COMMENT 'run, backfill or serve.',
    `since` DateTime64(3, 'UTC') COMMENT 'When the process came; unit: UTC' CODEC(DoubleDelta, ZSTD(1)),
    `seen_at` DateTime64(3, 'UTC') COMMENT 'The sign of life, by the server\'s clock; unit: UTC' CODEC(DoubleDelta, ZSTD(1)),
    `expires_at` DateTime64(3, 'UTC') COMMENT 'When it counts as gone without another sign; unit: UTC' CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (`owner`, `seen_at`)
TTL toDateTime(`seen_at`) + INTERVAL 7 DAY
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Signs of life of the processes that work on the warehouse.'
