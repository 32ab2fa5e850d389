CREATE TABLE IF NOT EXISTS `ops`.`backfill`
(
    `backfill_id` String COMMENT 'Backfill.' CODEC(ZSTD(1)),
    `jobs` String COMMENT 'Jobs, separated by commas; empty for all.' CODEC(ZSTD(1)),
    `from_date` Date COMMENT 'First day.' CODEC(DoubleDelta, ZSTD(1)),
    `to_date` Date COMMENT 'First day after it.' CODEC(DoubleDelta, ZSTD(1)),
    `mode` LowCardinality(String) COMMENT 'missing, missing_failed or all.',
    `window_order` LowCardinality(String) COMMENT 'newest or oldest first.',
    `workers` Int64 COMMENT 'Windows built at the same time.' CODEC(T64, ZSTD(1)),
    `follow` Bool COMMENT 'Whether what is built from the windows is brought up to date too.',
    `state` LowCardinality(String) COMMENT 'running, paused, cancelled, done or failed.',
    `note` String COMMENT 'Why it is in this state.' CODEC(ZSTD(1)),
    `asked_by` String COMMENT 'Who asked for it.' CODEC(ZSTD(1)),
    `at` DateTime64(3, 'UTC') COMMENT 'When the line was written; unit: UTC' CODEC(DoubleDelta, ZSTD(1)),
    `owner` String COMMENT 'Process that works on it.' CODEC(ZSTD(1)),
    `windows` Int64 COMMENT 'Windows planned; unit: windows' CODEC(T64, ZSTD(1)),
    `started_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was asked for; unit: UTC' CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (`backfill_id`, `at`)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Backfills and their states; the newest line of a backfill counts.'
