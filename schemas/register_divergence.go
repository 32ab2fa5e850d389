package schemas

// ForwardWindows are the windows, in sessions, over which is told what followed
// a session.
var ForwardWindows = [...]string{"21", "63", "126", "252"}

func divergenceRegister(add func(Metric), suffix, basis, level string) {
	inputs := level + " of both universes"
	const source, start = "market convention", "detail names the first session of the window"
	add(Metric{
		ID: "div_gap_" + suffix, Name: "Large less small over 252 sessions, " + basis, Unit: "fraction", Formula: "R_L - R_S over 252 sessions",
		Source: source, Inputs: inputs, Window: "252", Warmup: 253, Edge: start, Decimals: 2,
	})
	add(Metric{
		ID: "div_pctl_" + suffix, Name: "Large less small, rank in ten years, " + basis, Unit: "fraction", Formula: "(count(h < x) + 0.5 count(h = x))/n of the gap, n up to 2520",
		Source: source, Inputs: inputs, Window: "2520", Warmup: 1512, Edge: "fewer than 1260 gaps: none", Decimals: 2,
	})
	add(Metric{
		ID: "div_flag_" + suffix, Name: "Large and small apart, " + basis, Unit: "flag",
		Formula: "1 when the rank is above 0.90 and L is at most 2 % below its highest close so far", Source: "Tidemark",
		Inputs: inputs, Window: "2520", Warmup: 1512, Edge: "the rank strictly, the distance inclusive; the high of the same " + level,
	})
	add(Metric{
		ID: "div_episode_" + suffix, Name: "Episode of large and small apart, " + basis, Unit: "flag",
		Formula: "1 while at most 21 sessions without a flag have passed since one", Source: "Tidemark",
		Inputs: inputs, Window: "2520", Warmup: 1512,
		Edge: "as known on the session: that an episode has ended is known 22 sessions after its last flag; detail names it",
	})
	for _, w := range ForwardWindows {
		for _, leg := range []struct{ id, name, formula string }{
			{"large", "Large", "L(t + " + w + ")/L(t) - 1"},
			{"small", "Small", "S(t + " + w + ")/S(t) - 1"},
			{"gap", "Small less large", "the difference of both"},
		} {
			add(Metric{
				ID: "fwd_ret_" + w + "_" + leg.id + "_" + suffix, Name: leg.name + ", the " + w + " sessions that followed, " + basis, Unit: "fraction",
				Formula: leg.formula, Source: source, Inputs: inputs, Window: w,
				Edge: "known only at the close of the last of them, which known_at and detail say; windows of neighbouring sessions overlap; not over yet: none", Decimals: 2,
			})
		}
	}
}
