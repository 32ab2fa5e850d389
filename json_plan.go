package main

import (
	"time"

	"tidemark/jobs"
	"tidemark/schemas"
)

type plannedJSON struct {
	Job      string       `json:"job"`
	Dataset  string       `json:"dataset"`
	Window   windowJSON   `json:"window"`
	Verdict  jobs.Verdict `json:"decision"`
	Reason   string       `json:"reason"`
	Until    time.Time    `json:"until,omitzero"`
	Requests int64        `json:"requests"`
	Rows     int64        `json:"rows"`
	Bytes    int64        `json:"bytes"`
	Seconds  float64      `json:"seconds"`
}

type publisherJSON struct {
	Publisher string  `json:"publisher"`
	Windows   int     `json:"windows"`
	Requests  int64   `json:"requests"`
	Minutes   float64 `json:"minutes"`
}

// planJSON is a plan. Its estimates are 0 where nothing is known.
type planJSON struct {
	At         time.Time       `json:"at"`
	Windows    []plannedJSON   `json:"windows"`
	UpToDate   int             `json:"up_to_date"`
	Publishers []publisherJSON `json:"publishers"`
	Requests   int64           `json:"requests"`
	Rows       int64           `json:"rows"`
	Bytes      int64           `json:"bytes"`
	Minutes    float64         `json:"minutes"`
}

func planOf(p *jobs.Plan) planJSON {
	out := planJSON{
		At: p.At, Windows: []plannedJSON{}, UpToDate: p.UpToDate, Publishers: []publisherJSON{},
		Requests: p.Cost.Requests, Rows: p.Cost.Rows, Bytes: p.Cost.Bytes, Minutes: p.Minutes,
	}
	for _, w := range p.Windows {
		out.Windows = append(out.Windows, plannedJSON{
			w.Job, w.Dataset, windowOf(w.Window), w.Verdict, w.Reason, w.Until, w.Cost.Requests, w.Cost.Rows, w.Cost.Bytes, w.Cost.Seconds,
		})
	}
	for _, pc := range p.Publishers {
		out.Publishers = append(out.Publishers, publisherJSON(pc))
	}
	return out
}

// backfillJSON is how a backfill stands. seconds_left is null while it cannot
// be told.
type backfillJSON struct {
	ID          string                `json:"id"`
	Jobs        string                `json:"jobs"`
	From        schemas.Date          `json:"from"`
	To          schemas.Date          `json:"to"` // the first day after it
	Mode        string                `json:"mode"`
	Order       string                `json:"order"`
	Workers     int64                 `json:"workers"`
	Follow      bool                  `json:"follow"`
	State       schemas.BackfillState `json:"state"`
	Note        string                `json:"note"`
	Done        int                   `json:"done"`
	Failed      int                   `json:"failed"`
	Running     int                   `json:"running"`
	Left        int                   `json:"left"`
	Seconds     float64               `json:"seconds"`
	SecondsLeft *float64              `json:"seconds_left"`
}

func backfillOf(st *jobs.BackfillStatus) backfillJSON {
	out := backfillJSON{
		ID: st.ID, Jobs: st.Jobs, From: st.From, To: st.To, Mode: st.Mode, Order: st.Order, Workers: st.Workers, Follow: st.Follow,
		State: st.State, Note: st.Note, Done: st.Done, Failed: st.Failed, Running: st.Running, Left: st.Left, Seconds: st.Elapsed.Seconds(),
	}
	if st.TimeLeft >= 0 {
		left := st.TimeLeft.Seconds()
		out.SecondsLeft = &left
	}
	return out
}
