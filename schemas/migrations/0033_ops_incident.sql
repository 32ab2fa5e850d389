CREATE TABLE IF NOT EXISTS `ops`.`incident`
(
    `incident_id` String COMMENT 'Incident.' CODEC(ZSTD(1)),
    `incident_key` String COMMENT 'What it is about.' CODEC(ZSTD(1)),
    `kind` LowCardinality(String) COMMENT 'failing, check, late, missed or backfill.',
    `job` LowCardinality(String) COMMENT 'Job.',
    `severity` LowCardinality(String) COMMENT 'error or warning.',
    `state` LowCardinality(String) COMMENT 'pending, passed, open or resolved.',
    `message` String COMMENT 'What happened, for people.' CODEC(ZSTD(1)),
    `opened_at` DateTime64(3, 'UTC') COMMENT 'When it began; unit: UTC' CODEC(DoubleDelta, ZSTD(1)),
    `resolved_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was over; unit: UTC' CODEC(DoubleDelta, ZSTD(1)),
    `told` String COMMENT 'What each channel was told last, and when.' CODEC(ZSTD(1)),
    `at` DateTime64(3, 'UTC') COMMENT 'When the line was written; unit: UTC' CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (`incident_id`, `at`)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Incidents and whom they were told; the newest line of an incident counts.'
