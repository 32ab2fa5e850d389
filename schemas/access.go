package schemas

import (
	"fmt"
	"strings"
)

// The users of the warehouse, on every server.
const (
	LoaderUser = "loader" // writes raw, facts, history, mart and ops
	BIUser     = "bi"     // reads mart
)

// AccessRules say what a user may do who reads the warehouse with a BI tool. They
// are the same in the users file of the embedded engine and in the SQL for a
// server of the user's own.
type AccessRules struct {
	Grants   []string // what comes after GRANT: SELECT ON mart.*
	Settings []AccessSetting
}

// AccessSetting is a setting that readers have, and how far they may change it.
type AccessSetting struct {
	Name     string
	Value    int64
	Fixed    bool  // they may not
	Min, Max int64 // bounds, where Max is above zero
}

// ReaderRules returns the rules for readers of a server that gives a query at most
// so many bytes of memory. Connectors set a number of settings for themselves,
// which readonly 2 allows; what could be turned against the server is bounded.
func ReaderRules(maxMemory int64) AccessRules {
	return AccessRules{
		Grants: []string{
			"SELECT ON mart.*",
			// Where tools look for tables and columns.
			"SELECT ON information_schema.*", "SELECT ON INFORMATION_SCHEMA.*",
			// JDBC asks for the one, and shows the sizes of the other.
			"SELECT ON system.keywords", "SELECT ON system.parts",
		},
		Settings: []AccessSetting{
			{Name: "readonly", Value: 2},
			{Name: "allow_ddl", Value: 0, Fixed: true},
			{Name: "allow_introspection_functions", Value: 0, Fixed: true},
			{Name: "max_execution_time", Value: 60, Min: 1, Max: 300},
			{Name: "max_memory_usage", Value: maxMemory, Min: 1, Max: maxMemory},
			{Name: "max_concurrent_queries_for_user", Value: 32, Fixed: true},
		},
	}
}

// SQL is the setting as a settings profile has it.
func (s AccessSetting) SQL() string {
	switch {
	case s.Fixed:
		return fmt.Sprintf("%s = %d CONST", s.Name, s.Value)
	case s.Max > 0:
		return fmt.Sprintf("%s = %d MIN %d MAX %d", s.Name, s.Value, s.Min, s.Max)
	}
	return fmt.Sprintf("%s = %d", s.Name, s.Value)
}

// ReaderRole is the role, and the settings profile, that readers have on a server
// of the user's own.
const ReaderRole = "tidemark_reader"

// GrantStatements returns the SQL that gives a user of a server the rules, and
// takes from the role whatever else it had; each statement may be run again.
// Without a password the user must be there already, and with one it is made or
// has its password changed. The password is written as its SHA-256, in hex.
func GrantStatements(user, passwordSHA256 string, r AccessRules) []string {
	profile := make([]string, len(r.Settings))
	for i, s := range r.Settings {
		profile[i] = s.SQL()
	}
	role, who := QuoteName(ReaderRole), QuoteName(user)
	out := []string{
		"CREATE SETTINGS PROFILE IF NOT EXISTS " + role,
		"ALTER SETTINGS PROFILE " + role + " SETTINGS " + strings.Join(profile, ", "),
		"CREATE ROLE IF NOT EXISTS " + role,
		"ALTER ROLE " + role + " SETTINGS PROFILE " + QuoteText(ReaderRole),
		"REVOKE ALL ON *.* FROM " + role,
	}
	for _, g := range r.Grants {
		out = append(out, "GRANT "+g+" TO "+role)
	}
	if passwordSHA256 != "" {
		identified := " IDENTIFIED WITH sha256_hash BY " + QuoteText(passwordSHA256)
		out = append(out, "CREATE USER IF NOT EXISTS "+who+identified, "ALTER USER "+who+identified)
	}
	return append(out, "GRANT "+role+" TO "+who, "ALTER USER "+who+" DEFAULT ROLE "+role)
}
