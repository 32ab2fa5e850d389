package schemas

import "time"

// DeliveryState is how a delivery stands.
type DeliveryState string

// The states of deliveries. What is begun has not left the house. From handed
// over on it may have arrived, so that nobody sends it again by himself.
const (
	DeliveryBegun     DeliveryState = "begun"
	DeliveryHanded    DeliveryState = "handed_over"
	DeliveryDone      DeliveryState = "delivered"
	DeliveryFailed    DeliveryState = "failed"    // it is known not to have arrived
	DeliveryUncertain DeliveryState = "uncertain" // nobody knows whether it has arrived
	DeliveryWithdrawn DeliveryState = "withdrawn" // another process was at it
)

// Delivery is one line about an attempt to bring the workbook of a session to
// those who subscribe to it. The newest line of an id counts.
type Delivery struct {
	ID           string // of the attempt; sorts by time
	Subscription string
	Target       string // folder, bucket, email or webhook
	Session      Date
	State        DeliveryState
	Where        string // folder, bucket, recipients or host; nothing secret
	File         string // name of the workbook
	Hash         string // SHA-256 of its bytes
	Bytes        int64
	Error        string
	Owner        string // process that is at it
	At           time.Time
}

// Deliveries is ops.delivery.
var Deliveries = NewTable(Dataset{
	Database: "ops", Name: "delivery", Comment: "What was brought to whom; the newest line of an attempt counts.",
	Order: []string{"subscription", "target", "session", "delivery_id", "at"},
},
	Text("delivery_id", "Attempt.", func(r *Delivery) *string { return &r.ID }),
	Symbol("subscription", "Subscription.", func(r *Delivery) *string { return &r.Subscription }),
	Symbol("target", "folder, bucket, email or webhook.", func(r *Delivery) *string { return &r.Target }),
	Day("session", "Session whose workbook it is.", func(r *Delivery) *Date { return &r.Session }),
	Symbol("state", "begun, handed_over, delivered, failed, uncertain or withdrawn.", func(r *Delivery) *string { return (*string)(&r.State) }),
	Text("place", "Folder, bucket, recipients or host.", func(r *Delivery) *string { return &r.Where }),
	Text("file", "Name of the workbook.", func(r *Delivery) *string { return &r.File }),
	Text("hash", "SHA-256 of the workbook.", func(r *Delivery) *string { return &r.Hash }),
	Int("bytes", "bytes", "Size of the workbook.", func(r *Delivery) *int64 { return &r.Bytes }),
	Text("error", "Why it was not delivered.", func(r *Delivery) *string { return &r.Error }),
	Text("owner", "Process that is at it.", func(r *Delivery) *string { return &r.Owner }),
	Instant("at", "When the line was written.", func(r *Delivery) *time.Time { return &r.At }),
)
