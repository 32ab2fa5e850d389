package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"tidemark/schemas"
)

const (
	isharesDay  = "Jan 02, 2006"
	isharesAsOf = "20060102"
)

// ishares answers for the product pages: the CSV of the present document
// endpoint, the JSON of the product data, and the address that was retired,
// which sends a web page under a false flag.
func (w *world) ishares(q *request) *answer {
	if strings.HasSuffix(q.path, "/1467271812596.ajax") {
		return retired()
	}
	csv := strings.HasSuffix(q.path, "/api/v1/get-fund-document")
	if !csv && !strings.HasSuffix(q.path, "/api/v2/get-product-data") {
		return notFound()
	}
	f, known := fundByProduct(q.query.Get("portfolioId"))
	wanted := map[bool]string{true: "holdings", false: "holdings.all"}[csv]
	if !known || q.query.Get("component") != wanted {
		return notFound()
	}
	newest := w.lastSession(w.cal.HoldingsKnown)
	t := newest
	if text := q.query.Get("asOfDate"); text != "" {
		d, err := schemas.ParseDateLayout(isharesAsOf, text)
		if err != nil {
			return refused(http.StatusBadRequest, "text/html; charset=UTF-8", errorPage("400 Bad Request"))
		}
		var open bool
		if t, open = w.market.session(d); !open || t > newest || w.hole(f, t) {
			t = -1
		}
	}
	if csv {
		return w.isharesCSV(f, t)
	}
	return w.isharesJSON(f, t, newest)
}

func fundByProduct(id string) (fund, bool) {
	for _, f := range funds() {
		if id != "" && f.product == id {
			return f, true
		}
	}
	return fund{}, false
}

// retired is what the old address sends: two megabytes of web page that call
// themselves CSV.
func retired() *answer {
	a := plain("text/csv;charset=UTF-8", "")
	a.header = map[string]string{"Content-Disposition": `attachment; filename="holdings.csv"`}
	a.text = func(out io.Writer) error {
		const line = "<div class=\"component\">This page comes from a simulated publisher.</div>\n"
		_, err := io.WriteString(out, "<!DOCTYPE html>\n<html>\n<body>\n"+strings.Repeat(line, 2_000_000/len(line))+"</body>\n</html>\n")
		return err
	}
	return a
}

// outstanding is the number of the fund's own shares.
func (w *world) fundShares(f fund, total float64, t int) float64 {
	_, funds := w.levels()
	return float64(int64(total/funds[f.ticker].price[t]/50000)) * 50000
}

// isharesCSV writes the file of session t, or the template without rows.
func (w *world) isharesCSV(f fund, t int) *answer {
	var lines []position
	asOf, shares := "-", "-"
	if t >= 0 {
		lines = w.wholeFund(f, t)
		var total float64
		for i := range lines {
			total += lines[i].value
		}
		asOf, shares = w.market.days[t].Time().Format(isharesDay), thousands(w.fundShares(f, total, t))
	}
	return &answer{
		kind:   "text/csv;charset=UTF-8",
		header: map[string]string{"Content-Disposition": fmt.Sprintf("attachment; filename=%q", f.ticker+"_holdings.csv")},
		twist: &tableTwister{
			column: "Market Value",
			day:    regexp.MustCompile(`Fund Holdings as of,"([A-Z][a-z]{2} \d{2}, \d{4})"`), layout: isharesDay,
		},
		text: func(out io.Writer) error {
			var b strings.Builder
			b.WriteString("\ufeff" + f.name + simulated + "\n")
			fmt.Fprintf(&b, "Fund Holdings as of,%q\nInception Date,%q\nShares Outstanding,%q\n", asOf, f.inception, shares)
			b.WriteString("Stock,\"-\"\nBond,\"-\"\nCash,\"-\"\nOther,\"-\"\n\u00a0\n")
			b.WriteString("Ticker,Name,Sector,Asset Class,Market Value,Weight (%),Notional Value,Quantity,Price,Location,Exchange,Currency,FX Rate,Market Currency,Accrual Date\n")
			for i := range lines {
				p := &lines[i]
				accrual := "-"
				if p.accrual != schemas.NoDate {
					accrual = p.accrual.Time().Format(isharesDay)
				}
				cells := []string{
					joined(p.ticker), strings.ToUpper(p.name), isharesSector(p.sector), p.class, thousands(p.value), strconv.FormatFloat(p.weight, 'f', 2, 64),
					thousands(p.notional), thousands(p.quantity), thousands(p.price), p.location, p.exchange, "USD", "1.00", "USD", accrual,
				}
				b.WriteString(`"` + strings.Join(cells, `","`) + "\"\n")
			}
			b.WriteString("\u00a0\nSimulated by the sandbox: \"nothing\" here, names and \"prices included, is real.\n")
			_, err := io.WriteString(out, b.String())
			return err
		},
	}
}

// isharesSector shortens one name as the publisher does.
func isharesSector(name string) string {
	if name == "Communication Services" {
		return "Communication"
	}
	return name
}

// thousands prints a number with separators and two decimals.
func thousands(v float64) string {
	s := strconv.FormatFloat(v, 'f', 2, 64)
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	whole, rest, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return sign + whole + "." + rest
}

// isharesJSON writes the product data of session t. Without data, values are
// null in place of arrays, while the date is the newest and hasData is true.
func (w *world) isharesJSON(f fund, t, newest int) *answer {
	return &answer{
		kind:  "application/json;charset=UTF-8",
		twist: &productTwister{},
		text: func(out io.Writer) error {
			points := map[string]any{}
			var lines []position
			shown := newest
			if t >= 0 {
				lines, shown = w.wholeFund(f, t), t
			}
			for _, c := range productColumns() {
				points[c.name] = c.point(lines, t >= 0)
			}
			var asOf any
			asOfText, dates, texts := "-", []int{}, []string{}
			if shown >= 0 {
				asOf, asOfText = compactDay(w.market.days[shown]), w.market.days[shown].Time().Format(isharesDay)
				for _, at := range w.offered(newest) {
					dates = append(dates, compactDay(w.market.days[at]))
					texts = append(texts, w.market.days[at].Time().Format(isharesDay))
				}
			}
			points["asOfDate"] = dataPoint{Name: "asOfDate", FullName: "holdings.asOfDate", Value: asOf, Formatted: asOfText}
			points["dateList"] = dataPoint{Name: "dateList", FullName: "holdings.dateList", Value: dates, Formatted: texts}
			product, err := strconv.Atoi(f.product)
			if err != nil {
				return err
			}
			return json.NewEncoder(out).Encode(map[string]any{
				"productId": product, "portfolioType": "ISHARES_FUND_DATA", "currencyCode": "USD", "fundName": f.name + simulated,
				"componentsByNameMap": map[string]any{"holdings": map[string]any{
					"componentId": "holdings", "properties": map[string]any{"downloadHeader": "true"},
					"containersByNameMap": map[string]any{"all": map[string]any{
						"name": "all", "fullName": "holdings.all", "visible": true, "hasData": true, "default": true, "granted": true,
						"subContainersByNameMap": map[string]any{}, "dataPointsByNameMap": points,
					}},
				}},
			})
		},
	}
}

func compactDay(d schemas.Date) int {
	y, m, day := d.Time().Date()
	return y*10000 + int(m)*100 + day
}

// offered lists the sessions that the page offers: the newest and the month
// ends before it.
func (w *world) offered(newest int) []int {
	out := []int{newest}
	for t := newest - 1; t >= 0 && len(out) < 13; t-- {
		if w.market.days[t].Month() != w.market.days[t+1].Month() {
			out = append(out, t)
		}
	}
	return out
}

// dataPoint is one column of the product data.
type dataPoint struct {
	Name      string `json:"name"`
	Visible   bool   `json:"visible"`
	Label     string `json:"label"`
	FullName  string `json:"fullName"`
	Value     any    `json:"value"`
	Formatted any    `json:"formattedValue"`
}

type productColumn struct {
	name, label string
	of          func(p *position) (value any, text string)
}

func (c *productColumn) point(lines []position, has bool) dataPoint {
	d := dataPoint{Name: c.name, Visible: true, Label: c.label, FullName: "holdings.all." + c.name, Formatted: "-"}
	if !has {
		return d
	}
	values, texts := make([]any, len(lines)), make([]string, len(lines))
	for i := range lines {
		values[i], texts[i] = c.of(&lines[i])
	}
	d.Value, d.Formatted = values, texts
	return d
}

func productColumns() []productColumn {
	text := func(of func(p *position) string) func(*position) (any, string) {
		return func(p *position) (any, string) {
			s := of(p)
			if s == "" || s == "-" {
				return nil, "-"
			}
			return s, s
		}
	}
	number := func(of func(p *position) float64) func(*position) (any, string) {
		return func(p *position) (any, string) { return of(p), thousands(of(p)) }
	}
	return []productColumn{
		{"ticker", "Ticker", text(func(p *position) string { return joined(p.ticker) })},
		{"issueName", "Name", text(func(p *position) string { return strings.ToUpper(p.name) })},
		{"sectorName", "Sector", text(func(p *position) string { return isharesSector(p.sector) })},
		{"assetClass", "Asset Class", text(func(p *position) string { return p.class })},
		{"marketValue", "Market Value", number(func(p *position) float64 { return p.value })},
		{"holdingPercent", "Weight (%)", func(p *position) (any, string) {
			rounded, _ := strconv.ParseFloat(strconv.FormatFloat(p.weight, 'f', 5, 64), 64) // of a number just printed
			return rounded, thousands(p.weight)
		}},
		{"notionalValue", "Notional Value", number(func(p *position) float64 { return p.notional })},
		{"unitsHeld", "Quantity", number(func(p *position) float64 { return p.quantity })},
		{"cusip", "CUSIP", text(func(p *position) string { return p.cusip })},
		{"isin", "ISIN", text(func(p *position) string { return p.isin })},
		{"sedol", "SEDOL", text(func(p *position) string { return p.sedol })},
		{"unitPrice", "Price", number(func(p *position) float64 { return p.price })},
		{"countryOfRisk", "Location", text(func(p *position) string { return p.location })},
		{"exchange", "Exchange", text(func(p *position) string { return p.exchange })},
		{"currencyCode", "Currency", text(func(*position) string { return "USD" })},
		{"localFxRate", "FX Rate", number(func(*position) float64 { return 1 })},
		{"accrualDate", "Accrual Date", func(p *position) (any, string) {
			if p.accrual == schemas.NoDate {
				return nil, "-"
			}
			return compactDay(p.accrual), p.accrual.Time().Format(isharesDay)
		}},
	}
}

// productTwister disfigures the product data, whose columns are arrays.
type productTwister struct{}

func (*productTwister) twist(k Kind, text []byte) ([]byte, error) {
	const column = `"marketValue":{`
	switch k {
	case RenamedColumn:
		return []byte(strings.Replace(string(text), column, `"marketValue`+renamedSuffix+`":{`, 1)), nil
	case ExtraColumn:
		return []byte(strings.Replace(string(text), column, `"`+extraName+`":{"name":"`+extraName+`","value":null,"formattedValue":"-"},`+column, 1)), nil
	case WrongDate:
		return replaceGroup(regexp.MustCompile(`"fullName":"holdings.asOfDate","value":(\d{8})`), text, 1, func(day string) (string, error) {
			t, err := time.Parse(isharesAsOf, day)
			if err != nil {
				return "", err
			}
			return t.AddDate(0, 0, wrongBy).Format(isharesAsOf), nil
		})
	default:
		return twistValues(k, text)
	}
}

// twistValues disfigures the array of market values.
func twistValues(k Kind, text []byte) ([]byte, error) {
	array := regexp.MustCompile(`"fullName":"holdings.all.marketValue","value":\[([^\]]*)\]`)
	return replaceGroup(array, text, 1, func(list string) (string, error) {
		figure := &textTwister{figure: regexp.MustCompile(`(-?[0-9][0-9.eE+]*)`)}
		out, err := figure.twist(k, []byte(list))
		return string(out), err
	})
}
