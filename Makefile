# One release build serves the tests, the demo and the benchmark: a debug build of the hot loops is some forty times slower.
.PHONY: build demo test check format bench bench-ledger bench-peers bench-report soak fuzz clean
swift = swift build --configuration release

build:
	@Scripts/bootstrap
	$(swift) --product sealane
	$(swift) --product sealane-custodian

demo: build
	.build/release/sealane demo

test:
	@Scripts/bootstrap test
	$(swift) --build-tests
	SWIFT_BACKTRACE=enable=no swift test --configuration release --skip-build
	.venv/bin/python -m pytest -q -p no:cacheprovider Tests/Stranger Tests/EndToEnd

check:
	swift format lint --strict --recursive --parallel Package.swift Sources Tests

format:
	swift format --in-place --recursive --parallel Package.swift Sources Tests

# A small run of the same program: whether it works, and how fast about.
bench:
	@$(MAKE) --no-print-directory bench-peers EVENTS=$(or $(EVENTS),200000)

bench-peers: build
	@Scripts/bootstrap bench
	.venv/bin/python Benchmarks/bench.py --events $(or $(EVENTS),10000000) $(if $(PROFILE),--profile)

bench-report:
	@Scripts/bootstrap bench
	.venv/bin/python Benchmarks/render.py $(or $(RESULTS),$(wildcard .bench/results-*.json .bench/soak.json))

# What a disclosure waits for, and how fast the ledger says who was exposed, on this machine's disk (SEALANE_BENCH_DIRECTORY names another).
bench-ledger:
	$(swift) --build-tests
	SEALANE_BENCH=1 SWIFT_BACKTRACE=enable=no swift test --configuration release --skip-build --filter 'LedgerBenchmarks|ExposureBenchmarks|ScopeBenchmarks'

soak: build
	@Scripts/bootstrap bench
	.venv/bin/python Benchmarks/soak.py --minutes $(or $(MINUTES),15)
	SEALANE_SOAK=1 .venv/bin/python -m pytest -q -s -p no:cacheprovider Tests/EndToEnd/test_crash.py
	$(swift) --build-tests
	SEALANE_CASES=$(or $(CASES),20000) SEALANE_SCHEDULES=$(or $(SCHEDULES),10000) SWIFT_BACKTRACE=enable=no \
		swift test --configuration release --skip-build --filter 'ReferenceComparisonTests|FaultTests'

fuzz:
	@Scripts/bootstrap test
	$(swift) --build-tests
	SEALANE_FUZZ_SECONDS=$(or $(SECONDS),300) SWIFT_BACKTRACE=enable=no swift test --configuration release --skip-build --filter '[Ff]uzz'

clean:
	rm -rf .build .venv .bench .sealane-demo .sealane-demo.keys .sealane-demo.custodian
