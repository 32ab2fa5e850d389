package engine

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"strings"
	"text/template"

	"tidemark/schemas"
)

// probeUser may ask which engine this is.
const probeUser = "probe"

// settings is what the server's two configuration files are made from.
type settings struct {
	state
	passwords
	Data      string // folder
	Backups   string // folder of the only place for backups
	MaxMemory int64  // bytes
	Reader    schemas.AccessRules
}

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"xml": func(s string) (string, error) {
		var b strings.Builder
		err := xml.EscapeText(&b, []byte(s))
		return b.String(), err
	},
	"sha256": func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return hex.EncodeToString(sum[:])
	},
}).Parse(configTemplates))

// configure writes the server's configuration.
func (f folder) configure(s settings) error {
	for _, name := range []string{configFile, usersFile} {
		var b bytes.Buffer
		if err := templates.ExecuteTemplate(&b, name, s); err != nil {
			return fmt.Errorf("engine: make %s: %w", name, err)
		}
		if err := f.write(name, b.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// No system logs: the engine's query_log is unreadable after a restart, and
// the run log is kept in tables of our own.
//
// default is the user of the engine's own session and cannot have a password.
// That session holds the one place default has, and its rights are what
// listening and holding needs. The profile of that name is another matter: it
// stands below every user's own.
//
// The probe user proves the token without a password of worth being shown to
// a stranger who may listen on the port.
const configTemplates = `
{{- define "conf/config.xml"}}<?xml version="1.0"?>
<clickhouse>
    <listen_host>127.0.0.1</listen_host>
    <tcp_port>{{.TCPPort}}</tcp_port>
    <http_port>{{.HTTPPort}}</http_port>
    <memory_worker_period_ms>1000</memory_worker_period_ms>
    <timezone>UTC</timezone>
    <macros><instance>{{xml .Token}}</instance></macros>
    <users_config>users.xml</users_config>
    <backups><allowed_path>{{xml .Backups}}</allowed_path></backups>
    <max_server_memory_usage>{{.MaxMemory}}</max_server_memory_usage>
    <mark_cache_size>268435456</mark_cache_size>
    <max_connections>256</max_connections>
    <asynchronous_metrics_update_period_s>60</asynchronous_metrics_update_period_s>
    <access_control_improvements>
        <select_from_system_db_requires_grant>true</select_from_system_db_requires_grant>
        <select_from_information_schema_requires_grant>true</select_from_information_schema_requires_grant>
        <settings_constraints_replace_previous>true</settings_constraints_replace_previous>
    </access_control_improvements>
</clickhouse>
{{end}}
{{- define "conf/users.xml"}}<?xml version="1.0"?>
<clickhouse>
    <profiles>
        <default/>
        <engine>
            <max_sessions_for_user>1</max_sessions_for_user>
        </engine>
        <loader>
            <async_insert>0</async_insert>
        </loader>
        <bi>
            {{- range .Reader.Settings}}
            <{{.Name}}>{{.Value}}</{{.Name}}>
{{- end}}
            <constraints>
{{- range .Reader.Settings}}
{{- if .Fixed}}
                <{{.Name}}><readonly/></{{.Name}}>
{{- else if .Max}}
                <{{.Name}}><min>{{.Min}}</min><max>{{.Max}}</max></{{.Name}}>
{{- end}}
{{- end}}
            </constraints>
        </bi>
        <probe>
            <readonly>2</readonly>
        </probe>
    </profiles>
    <quotas><default/></quotas>
    <users>
        <default>
            <password></password>
            <networks><ip>127.0.0.1</ip></networks>
            <profile>engine</profile>
            <quota>default</quota>
            <grants>
                <query>GRANT SYSTEM LISTEN ON *.*</query>
                <query>GRANT CREATE TEMPORARY TABLE ON *.*</query>
                <query>GRANT READ ON FILE</query>
            </grants>
        </default>
        <loader>
            <password_sha256_hex>{{sha256 .Loader}}</password_sha256_hex>
            <networks><ip>127.0.0.1</ip></networks>
            <profile>loader</profile>
            <quota>default</quota>
            <grants>
                <query>GRANT ALL ON raw.*</query>
                <query>GRANT ALL ON facts.*</query>
                <query>GRANT ALL ON history.*</query>
                <query>GRANT ALL ON mart.*</query>
                <query>GRANT ALL ON ops.*</query>
                <query>GRANT SELECT ON system.*</query>
                <query>GRANT SELECT ON information_schema.*</query>
                <query>GRANT TABLE ENGINE ON *</query>
                <query>GRANT CREATE TEMPORARY TABLE ON *.*</query>
                <query>GRANT KILL QUERY ON *.*</query>
            </grants>
        </loader>
        <bi>
            <password_sha256_hex>{{sha256 .BI}}</password_sha256_hex>
            <networks><ip>127.0.0.1</ip></networks>
            <profile>bi</profile>
            <quota>default</quota>
            <grants>
{{- range .Reader.Grants}}
                <query>GRANT {{.}}</query>
{{- end}}
            </grants>
        </bi>
        <probe>
            <password_sha256_hex>{{sha256 .Probe}}</password_sha256_hex>
            <networks><ip>127.0.0.1</ip></networks>
            <profile>probe</profile>
            <quota>default</quota>
            <grants>
                <query>GRANT SELECT ON system.one</query>
            </grants>
        </probe>
    </users>
</clickhouse>
{{end}}`
