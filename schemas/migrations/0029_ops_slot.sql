CREATE TABLE IF NOT EXISTS `ops`.`slot`
(
    `job` LowCardinality(String) COMMENT 'Job.',
    `slot` DateTime64(3, 'UTC') COMMENT 'The slot; of a range, its last one; unit: UTC' CODEC(DoubleDelta, ZSTD(1)),
    `first_slot` DateTime64(3, 'UTC') COMMENT 'The first slot of a range; otherwise the slot; unit: UTC' CODEC(DoubleDelta, ZSTD(1)),
    `slots` Int64 COMMENT 'Slots in the range; unit: slots' CODEC(T64, ZSTD(1)),
    `state` LowCardinality(String) COMMENT 'began, started, ran, skipped, missed or void.',
    `reason` String COMMENT 'How it ended, or why it was not run.' CODEC(ZSTD(1)),
    `noted_at` DateTime64(3, 'UTC') COMMENT 'When the line was written; never before an earlier line; unit: UTC' CODEC(DoubleDelta, ZSTD(1)),
    `owner` String COMMENT 'Host, process and its start time.' CODEC(ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (`job`, `slot`, `noted_at`)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'The ledger of slots: what became of each occurrence of each schedule. The newest line of a job and slot counts.'
