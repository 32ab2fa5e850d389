CREATE TABLE IF NOT EXISTS `history`.`facts_size_members`
(
    `metric` LowCardinality(String) COMMENT 'Id in the metric register.',
    `universe` LowCardinality(String) COMMENT 'Whose fact it is: an index universe, a pair of them, or the Federal Reserve.',
    `session` Date COMMENT 'Session, or day the figure speaks of.' CODEC(DoubleDelta, ZSTD(1)),
    `value` Nullable(Float64) COMMENT 'The value; empty where status gives the reason; unit: as in the register' CODEC(ZSTD(1)),
    `status` LowCardinality(String) COMMENT 'ok, partial, warmup, or the reason why there is no value.',
    `members` Int64 COMMENT 'Members of the universe, or inputs of the figure; unit: members' CODEC(T64, ZSTD(1)),
    `excluded` Int64 COMMENT 'Members left out; unit: members' CODEC(T64, ZSTD(1)),
    `coverage` Nullable(Float64) COMMENT 'Share of weight or of members with valid inputs; unit: fraction' CODEC(ZSTD(1)),
    `basis` LowCardinality(String) COMMENT 'What the inputs are: file, rolled, split_adj, fund_tr, index_pr, h41, …',
    `detail` LowCardinality(String) COMMENT 'What else a reader must know.',
    `method` Int64 COMMENT 'Version of the definition.' CODEC(T64, ZSTD(1)),
    `known_at` DateTime64(3, 'UTC') COMMENT 'When all inputs were public; unit: UTC' CODEC(DoubleDelta, ZSTD(1)),
    `run_id` LowCardinality(String) COMMENT 'Run that built the row.',
    `stood` Bool COMMENT 'Whether the row stood in the table at the instant; where false, nothing stood in its place.',
    `seen_at` DateTime64(3, 'UTC') COMMENT 'When that was seen, just before the window was replaced; unit: UTC' CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (`universe`, `metric`, `session`, `seen_at`)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'What facts.size_members held before its windows were replaced, row by row.'
