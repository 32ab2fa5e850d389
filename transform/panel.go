package transform

import "tidemark/schemas"

// Panel is what the breadth and concentration families share: sessions by
// securities, identity, membership and prices on one basis.
type Panel struct {
	Sessions []schemas.Date
	Findings []Finding
}

// NewPanel brings the rows of in onto one set of securities and sessions.
// Inputs without prices, members and holdings give an empty panel.
func NewPanel(*Inputs) *Panel { return &Panel{} }
