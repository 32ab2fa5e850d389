module tidemark

go 1.26.0

require (
	filippo.io/age v1.3.2 // secrets in encrypted files
	github.com/ClickHouse/ch-go v0.74.0 // columns of rows as they lie on the wire; what clickhouse-go stands on
	github.com/ClickHouse/clickhouse-go/v2 v2.50.0 // the warehouse, over the native protocol
	github.com/Shopify/toxiproxy/v2 v2.5.0 // the bad network of the tests
	github.com/cespare/xxhash/v2 v2.3.0 // hashes of rows that the server's xxHash64 can repeat
	github.com/chromedp/cdproto v0.159.0 // what the browser of the tests speaks
	github.com/chromedp/chromedp v0.23.0 // drives a browser through the page in tests
	github.com/creack/pty v1.1.24 // the terminal without which the embedded engine ends at a failed login
	github.com/ebitengine/purego v0.11.3 // calls the engine's library without cgo
	github.com/emersion/go-sasl v0.0.0-20241020182733-b788ff22d5a6 // logins at the mail server of the tests
	github.com/emersion/go-smtp v0.25.1 // the mail server of the tests
	github.com/goccy/go-yaml v1.19.2 // strict configuration with errors that point at the line
	github.com/google/go-cmp v0.7.0 // differences in tests
	github.com/google/uuid v1.6.0 // names of runs and swaps in the order of time
	github.com/hanwen/go-fuse/v2 v2.12.1 // the bad disk of the tests
	github.com/hashicorp/go-retryablehttp v0.7.8 // retries of the shared HTTP client and of web hooks
	github.com/johannesboyne/gofakes3 v1.2.0 // the bucket of the tests
	github.com/klauspost/compress v1.20.3 // zstd for the archive, which the standard library has not; gzip for the page
	github.com/klauspost/readahead v1.4.0 // reads ahead of who reads
	github.com/minio/minio-go/v7 v7.4.1 // puts workbooks into buckets
	github.com/parquet-go/parquet-go v0.32.0 // vendors' Parquet files
	github.com/pb33f/libopenapi v0.41.8 // reads the description of the API in tests
	github.com/pb33f/libopenapi-validator v0.16.2 // holds the API to its description in tests
	github.com/prometheus/client_golang v1.25.0 // metrics
	github.com/robfig/cron/v3 v3.0.1 // parses the lines that say when a publisher is due
	github.com/rs/zerolog v1.28.0 // the silent log of the bad network
	github.com/spf13/cobra v1.10.2 // the command tree
	github.com/wneessen/go-mail v0.8.1 // mail with STARTTLS, logins and attachments; net/smtp is frozen
	github.com/xuri/excelize/v2 v2.11.0 // writes the workbook, reads holdings; v2.11.1 needs a module that some proxies refuse
	go.opentelemetry.io/otel v1.47.0 // the attributes of spans
	go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp v1.47.0 // sends spans to a collector
	go.opentelemetry.io/otel/sdk v1.47.0 // queues spans beside the runs, drops them when there are too many
	go.opentelemetry.io/otel/trace v1.47.0 // spans of passes and runs
	go.opentelemetry.io/proto/otlp v1.11.0 // what the collector of the tests is sent
	golang.org/x/net v0.62.0 // reads the HTML of the page in tests
	golang.org/x/sync v0.24.0 // bounded groups of goroutines
	golang.org/x/sys v0.49.0 // locks, signals and confinement of the engine's process
	golang.org/x/text v0.43.0 // publishers' files that are not UTF-8
	golang.org/x/time v0.16.0 // rate limits
	gonum.org/v1/plot v0.17.0 // charts as pictures, for mail
	google.golang.org/protobuf v1.36.12 // decodes what the collector of the tests is sent
	pgregory.net/rapid v1.3.0 // property tests that shrink
)

require github.com/spf13/pflag v1.0.10

require (
	codeberg.org/go-fonts/liberation v0.5.0 // indirect
	codeberg.org/go-latex/latex v0.2.0 // indirect
	codeberg.org/go-pdf/fpdf v0.11.1 // indirect
	filippo.io/hpke v0.4.0 // indirect
	git.sr.ht/~sbinet/gg v0.7.0 // indirect
	github.com/aclements/go-moremath v0.0.0-20210112150236-f10218a38794 // indirect
	github.com/ajstarks/svgo v0.0.0-20211024235047-1546f124cd8b // indirect
	github.com/andybalholm/brotli v1.2.6 // indirect
	github.com/bahlo/generic-list-go v0.2.0 // indirect
	github.com/basgys/goxml2json v1.1.1-0.20231018121955-e66ee54ceaad // indirect
	github.com/beorn7/perks v1.0.1 // indirect
	github.com/buger/jsonparser v1.6.1 // indirect
	github.com/cenkalti/backoff/v5 v5.0.3 // indirect
	github.com/cpuguy83/go-md2man/v2 v2.0.7 // indirect
	github.com/dmarkham/enumer v1.6.3 // indirect
	github.com/dustin/go-humanize v1.0.1 // indirect
	github.com/go-faster/city v1.0.1 // indirect
	github.com/go-faster/errors v0.7.1 // indirect
	github.com/go-json-experiment/json v0.0.0-20260213210345-44df1a37e875 // indirect
	github.com/go-logr/logr v1.4.4 // indirect
	github.com/go-logr/stdr v1.2.2 // indirect
	github.com/go-openapi/jsonpointer v1.0.2 // indirect
	github.com/golang/freetype v0.0.0-20170609003504-e2365dfdc4a0 // indirect
	github.com/gorilla/mux v1.8.0 // indirect
	github.com/grpc-ecosystem/grpc-gateway/v2 v2.30.0 // indirect
	github.com/hashicorp/go-cleanhttp v0.5.2 // indirect
	github.com/hashicorp/go-version v1.9.0 // indirect
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/klauspost/cpuid/v2 v2.4.0 // indirect
	github.com/klauspost/crc32 v1.3.0 // indirect
	github.com/kylelemons/godebug v1.1.0 // indirect
	github.com/mattn/go-colorable v0.1.15 // indirect
	github.com/mattn/go-isatty v0.0.22 // indirect
	github.com/minio/crc64nvme v1.1.1 // indirect
	github.com/minio/md5-simd v1.1.2 // indirect
	github.com/munnerz/goautoneg v0.0.0-20191010083416-a7dc8b61c822 // indirect
	github.com/parquet-go/bitpack v1.0.0 // indirect
	github.com/parquet-go/jsonlite v1.0.0 // indirect
	github.com/pascaldekloe/name v1.0.1 // indirect
	github.com/paulmach/orb v0.13.0 // indirect
	github.com/pb33f/go-yaml v0.1.1 // indirect
	github.com/pb33f/jsonpath v0.8.5 // indirect
	github.com/pb33f/jsonschema/v6 v6.0.3 // indirect
	github.com/pb33f/ordered-map/v2 v2.3.2 // indirect
	github.com/philhofer/fwd v1.2.0 // indirect
	github.com/pierrec/lz4/v4 v4.1.27 // indirect
	github.com/prometheus/client_model v0.6.3 // indirect
	github.com/prometheus/common v0.72.0 // indirect
	github.com/prometheus/procfs v0.22.0 // indirect
	github.com/richardlehane/mscfb v1.0.7 // indirect
	github.com/richardlehane/msoleps v1.0.6 // indirect
	github.com/rs/xid v1.6.0 // indirect
	github.com/russross/blackfriday/v2 v2.1.0 // indirect
	github.com/ryszard/goskiplist v0.0.0-20150312221310-2dfbae5fcf46 // indirect
	github.com/segmentio/asm v1.2.1 // indirect
	github.com/shopspring/decimal v1.5.0 // indirect
	github.com/tiendc/go-deepcopy v1.7.2 // indirect
	github.com/tinylib/msgp v1.6.4 // indirect
	github.com/twpayne/go-geom v1.6.1 // indirect
	github.com/xuri/efp v0.0.1 // indirect
	github.com/xuri/nfp v0.0.2-0.20250530014748-2ddeb826f9a9 // indirect
	github.com/zeebo/xxh3 v1.1.0 // indirect
	go.opentelemetry.io/auto/sdk v1.2.1 // indirect
	go.opentelemetry.io/otel/exporters/otlp/otlptrace v1.47.0 // indirect
	go.opentelemetry.io/otel/log v1.47.0 // indirect
	go.opentelemetry.io/otel/metric v1.47.0 // indirect
	go.shabbyrobe.org/gocovmerge v0.0.0-20230507111327-fa4f82cfbf4d // indirect
	go.uber.org/multierr v1.11.0 // indirect
	go.uber.org/zap v1.28.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/image v0.46.0 // indirect
	golang.org/x/mod v0.42.0 // indirect
	golang.org/x/perf v0.0.0-20260908200009-22c9c6c9d4da // indirect
	golang.org/x/telemetry v0.0.0-20261009151841-97e8ea77aa2a // indirect
	golang.org/x/tools v0.52.0 // indirect
	google.golang.org/genproto/googleapis/api v0.0.0-20260928230214-8a89bd6388cc // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20260928230214-8a89bd6388cc // indirect
	google.golang.org/grpc v1.83.2 // indirect
	gopkg.in/ini.v1 v1.67.3 // indirect
	gopkg.in/tomb.v1 v1.0.0-20141024135613-dd632973f1e7 // indirect
	mvdan.cc/gofumpt v0.12.0 // indirect
)

tool (
	golang.org/x/perf/cmd/benchstat
	golang.org/x/tools/cmd/deadcode
	mvdan.cc/gofumpt
)
