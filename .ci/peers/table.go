package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// taken is how long a step took: medians, but for the memory, which is the most.
type taken struct {
	program, size, step string
	wall, cpu, memory   float64
	own                 bool
}

// report writes a Markdown table of what is in the folder of results: how long each
// program took for each step, and how Tidemark compares with the fastest of the
// others.
func report(folder string, out io.Writer) error {
	all, err := results(folder)
	if err != nil {
		return err
	}
	titles := map[string]string{"w1": "Breadth (W1), of what is in memory", "w2": "Concentration (W2), of what is in memory", "w1w2": "Both, of what is in memory", "load": "Loading"}
	for _, step := range []string{"w1w2", "w1", "w2", "load"} {
		fmt.Fprintf(out, "\n## %s\n\n| size | program | wall, s | processor, s | peak memory, MB | wall, times Tidemark's | processor, times Tidemark's |\n|---|---|---:|---:|---:|---:|---:|\n", titles[step])
		for _, size := range []string{"small", "medium", "large"} {
			var own taken
			var rows []taken
			for _, t := range all {
				if t.step == step && t.size == size {
					rows = append(rows, t)
					if t.program == "tidemark" {
						own = t
					}
				}
			}
			slices.SortFunc(rows, func(a, b taken) int { return cmp.Or(cmp.Compare(a.wall, b.wall), cmp.Compare(a.program, b.program)) })
			for _, t := range rows {
				times := "| |"
				if !t.own && own.wall > 0 && own.cpu > 0 {
					times = fmt.Sprintf("| %.1f | %.1f |", t.wall/own.wall, t.cpu/own.cpu)
				}
				fmt.Fprintf(out, "| %s | %s | %.3f | %.3f | %.0f %s\n", size, t.program, t.wall, t.cpu, t.memory, times)
			}
		}
	}
	return nil
}

// results reads the lines of JSON that the programs have printed, one file for each
// program and size.
func results(folder string) ([]taken, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.jsonl"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, errors.New("there are no results in " + folder)
	}
	var out []taken
	for _, path := range files {
		program, size, _ := strings.Cut(strings.TrimSuffix(filepath.Base(path), ".jsonl"), ".")
		own := program == "tidemark" || strings.HasPrefix(program, "go-")
		program = strings.Replace(program, "go-tuned-from", "tidemark, from ", 1)
		lines, err := steps(path)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
		for _, step := range slices.Sorted(maps.Keys(lines)) {
			var walls, cpus []float64
			memory := 0.0
			for _, l := range lines[step] {
				walls, cpus, memory = append(walls, l.Wall), append(cpus, l.CPU), max(memory, l.Memory)
			}
			out = append(out, taken{program, size, step, middle(walls), middle(cpus), memory, own})
		}
	}
	return out, nil
}

// line is what a program prints of a step.
type line struct {
	Step   string  `json:"step"`
	Wall   float64 `json:"wall"`
	CPU    float64 `json:"cpu"`
	Memory float64 `json:"rss_mb"`
}

func steps(path string) (map[string][]line, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	out := make(map[string][]line)
	for s := bufio.NewScanner(f); s.Scan(); {
		var l line
		if json.Unmarshal(s.Bytes(), &l) == nil && l.Step != "" { // what a program says besides is none of ours
			out[l.Step] = append(out[l.Step], l)
		}
	}
	return out, nil
}

func middle(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
