CREATE TABLE IF NOT EXISTS `history`.`raw_repo_operation`
(
    `desk` LowCardinality(String) COMMENT 'Who ran the operation.',
    `operation_id` String COMMENT 'The publisher\'s key of the operation.' CODEC(ZSTD(1)),
    `line` Int64 COMMENT 'Position among the operation\'s security types; totals are to be summed over line 0 only.' CODEC(T64, ZSTD(1)),
    `operation_date` Date COMMENT 'Day of the operation.' CODEC(DoubleDelta, ZSTD(1)),
    `settlement_date` Nullable(Date32) COMMENT 'Settlement day.' CODEC(DoubleDelta, ZSTD(1)),
    `maturity_date` Nullable(Date32) COMMENT 'Maturity day.' CODEC(DoubleDelta, ZSTD(1)),
    `operation_type` LowCardinality(String) COMMENT 'Repo or Reverse Repo.',
    `operation_method` LowCardinality(String) COMMENT 'Fixed Rate, Full Allotment, Multiple Price, …',
    `auction_status` LowCardinality(String) COMMENT 'Results or Announcement.',
    `term_days` Nullable(Int64) COMMENT 'Term of the operation; unit: calendar days' CODEC(T64, ZSTD(1)),
    `term` LowCardinality(String) COMMENT 'Overnight or Term.',
    `release_time` LowCardinality(String) COMMENT 'Opening time, New York.',
    `close_time` LowCardinality(String) COMMENT 'Closing time, New York.',
    `note` String COMMENT 'The publisher\'s note, markup included.' CODEC(ZSTD(1)),
    `last_updated` Nullable(DateTime64(3, 'UTC')) COMMENT 'When the publisher last amended the operation; unit: UTC' CODEC(DoubleDelta, ZSTD(1)),
    `participating` Nullable(Int64) COMMENT 'Counterparties that took part; unit: counterparties' CODEC(T64, ZSTD(1)),
    `accepted` Nullable(Int64) COMMENT 'Counterparties accepted; unit: counterparties' CODEC(T64, ZSTD(1)),
    `total_submitted` Nullable(Int64) COMMENT 'Amount submitted to the whole operation; unit: USD' CODEC(T64, ZSTD(1)),
    `total_accepted` Nullable(Int64) COMMENT 'Amount accepted in the whole operation; unit: USD' CODEC(T64, ZSTD(1)),
    `security_type` LowCardinality(String) COMMENT 'Collateral of this line.',
    `amount_submitted` Nullable(Int64) COMMENT 'Amount submitted against this collateral; unit: USD' CODEC(T64, ZSTD(1)),
    `amount_accepted` Nullable(Int64) COMMENT 'Amount accepted against this collateral; unit: USD' CODEC(T64, ZSTD(1)),
    `offering_rate` Nullable(Float64) COMMENT 'Rate offered; unit: percent' CODEC(ZSTD(1)),
    `award_rate` Nullable(Float64) COMMENT 'Rate awarded; unit: percent' CODEC(ZSTD(1)),
    `high_rate` Nullable(Float64) COMMENT 'Highest rate (competitive operations); unit: percent' CODEC(ZSTD(1)),
    `low_rate` Nullable(Float64) COMMENT 'Lowest rate (competitive operations); unit: percent' CODEC(ZSTD(1)),
    `stop_out_rate` Nullable(Float64) COMMENT 'Stop-out rate (competitive operations); unit: percent' CODEC(ZSTD(1)),
    `weighted_rate` Nullable(Float64) COMMENT 'Weighted average rate (competitive operations); unit: percent' CODEC(ZSTD(1)),
    `payload` LowCardinality(String) COMMENT 'SHA-256 of the answer the row was read from.',
    `stood` Bool COMMENT 'Whether the row stood in the table at the instant; where false, nothing stood in its place.',
    `seen_at` DateTime64(3, 'UTC') COMMENT 'When that was seen, just before the window was replaced; unit: UTC' CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (`desk`, `operation_date`, `operation_id`, `line`, `seen_at`)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'What raw.repo_operation held before its windows were replaced, row by row.'
