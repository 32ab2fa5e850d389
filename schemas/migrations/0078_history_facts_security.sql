CREATE TABLE IF NOT EXISTS `history`.`facts_security`
(
    `universe` LowCardinality(String) COMMENT 'For whose figures it was decided: an index universe.',
    `source` LowCardinality(String) COMMENT 'Whose symbol it is: prices, holdings or members, and of whom.',
    `symbol` String COMMENT 'Symbol in the source\'s spelling, or the number or name by which a line without one goes.' CODEC(ZSTD(1)),
    `first_day` Date COMMENT 'First day of the year on which the source has it.' CODEC(DoubleDelta, ZSTD(1)),
    `last_day` Nullable(Date32) COMMENT 'Last day on which the source has it; empty while it is among its newest.' CODEC(DoubleDelta, ZSTD(1)),
    `security` String COMMENT 'Permanent id of the security; empty where the line is no share.' CODEC(ZSTD(1)),
    `how` LowCardinality(String) COMMENT 'Why the symbol stands for the security.',
    `issuer` String COMMENT 'Permanent id of the issuer: its registrant number, its CUSIP, or the security itself; empty where the security has no part in the universe.' CODEC(ZSTD(1)),
    `name` String COMMENT 'Name as the source gives it.' CODEC(ZSTD(1)),
    `sector` LowCardinality(String) COMMENT 'Sector as the source gives it.',
    `cusip` String COMMENT 'CUSIP as the source gives it.' CODEC(ZSTD(1)),
    `isin` String COMMENT 'ISIN as the source gives it.' CODEC(ZSTD(1)),
    `sedol` String COMMENT 'SEDOL as the source gives it.' CODEC(ZSTD(1)),
    `run_id` LowCardinality(String) COMMENT 'Run that built the row.',
    `stood` Bool COMMENT 'Whether the row stood in the table at the instant; where false, nothing stood in its place.',
    `seen_at` DateTime64(3, 'UTC') COMMENT 'When that was seen, just before the window was replaced; unit: UTC' CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (`universe`, `security`, `source`, `symbol`, `first_day`, `seen_at`)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'What facts.security held before its windows were replaced, row by row.'
