package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"
)

// object is a JSON object of the description.
type object = map[string]any

// description writes the API down as OpenAPI 3.1, from the same table and
// shapes that the handlers work with.
func description(version string, list []endpoint) ([]byte, error) {
	d := describer{shapes: object{}}
	paths := object{}
	for _, e := range list {
		item, ok := paths[apiBase+e.path].(object)
		if !ok {
			item = object{}
			paths[apiBase+e.path] = item
		}
		item[strings.ToLower(e.method)] = d.operation(e)
	}
	doc, err := json.MarshalIndent(object{
		"openapi": "3.1.0",
		"info": object{
			"title": "Tidemark", "version": version,
			"description": "Jobs, windows, runs, backfills and figures of a Tidemark warehouse. Times are RFC 3339 in UTC, days are written 2006-01-02, what is unknown is null. Ranges of days leave out their end.",
			"license":     object{"name": "Apache-2.0", "identifier": "Apache-2.0"},
		},
		"paths":    paths,
		"security": []object{{"token": []string{}}},
		"components": object{
			"schemas":         d.shapes,
			"securitySchemes": object{"token": object{"type": "http", "scheme": "bearer", "description": "Not needed on a loopback address without tokens."}},
		},
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the description of the API: %w", err)
	}
	return doc, nil
}

// describer gathers the shapes that the operations name.
type describer struct{ shapes object }

func (d describer) operation(e endpoint) object {
	media, schema := e.media, object{"type": "string", "contentMediaType": e.media, "contentEncoding": "binary"}
	if media == "" {
		media, schema = "application/json", d.schema(e.out)
	}
	op := object{
		"operationId": e.id,
		"summary":     e.summary,
		"description": "Needs the scope " + string(e.scope) + ".",
		"responses": object{
			strconv.Itoa(e.status): object{"description": http.StatusText(e.status), "content": object{media: object{"schema": schema}}},
			"default":              object{"description": "What went wrong.", "content": object{"application/problem+json": object{"schema": d.schema(reflect.TypeFor[Problem]())}}},
		},
	}
	var params []object
	for f := range e.in.Fields() {
		switch {
		case f.Name == "Body":
			op["requestBody"] = object{"required": true, "content": object{"application/json": object{"schema": d.schema(f.Type)}}}
		case f.Tag.Get("path") != "":
			params = append(params, d.parameter(f, "path", f.Tag.Get("path")))
		case f.Tag.Get("query") != "":
			params = append(params, d.parameter(f, "query", f.Tag.Get("query")))
		}
	}
	if params != nil {
		op["parameters"] = params
	}
	return op
}

func (d describer) parameter(f reflect.StructField, in, name string) object {
	schema := d.field(f)
	delete(schema, "description")
	if in == "query" && f.Type.Kind() == reflect.String {
		schema["maxLength"] = maxText
	}
	if f.Type.Kind() == reflect.Int {
		low, high := bounds(f)
		schema["minimum"], schema["maximum"] = low, high
		if n, err := strconv.Atoi(f.Tag.Get("default")); err == nil {
			schema["default"] = n
		}
	}
	return object{"name": name, "in": in, "required": in == "path" || f.Tag.Get("required") != "", "description": f.Tag.Get("doc"), "schema": schema}
}

// field describes a field by its type and its tags.
func (d describer) field(f reflect.StructField) object {
	schema := d.schema(f.Type)
	if choices := f.Tag.Get("enum"); choices != "" {
		values := []any{}
		for c := range strings.FieldsSeq(choices) {
			values = append(values, c)
		}
		if f.Type.Kind() == reflect.Pointer {
			values = append(values, nil)
		}
		schema["enum"] = values
	}
	if doc := f.Tag.Get("doc"); doc != "" {
		schema["description"] = doc
	}
	return schema
}

// schema describes a type. Structs are described once and referred to.
func (d describer) schema(t reflect.Type) object {
	switch t {
	case typeDate:
		return object{"type": "string", "format": "date"}
	case typeTime:
		return object{"type": "string", "format": "date-time"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		inner := d.schema(t.Elem())
		inner["type"] = []any{inner["type"], "null"}
		return inner
	case reflect.Slice:
		return object{"type": "array", "items": d.schema(t.Elem())}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Struct:
		return d.shape(t)
	default:
		panic(fmt.Sprintf("web: the API has no words for %s", t))
	}
}

func (d describer) shape(t reflect.Type) object {
	name := strings.ToUpper(t.Name()[:1]) + t.Name()[1:]
	ref := object{"$ref": "#/components/schemas/" + name}
	if _, done := d.shapes[name]; done {
		return ref
	}
	properties, required := object{}, []string{}
	d.shapes[name] = object{"type": "object", "additionalProperties": false, "properties": properties}
	for f := range t.Fields() {
		key, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		properties[key] = d.field(f)
		if options == "" {
			required = append(required, key)
		}
	}
	if len(required) > 0 {
		d.shapes[name].(object)["required"] = required
	}
	return ref
}
