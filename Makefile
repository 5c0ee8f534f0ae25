# One release build serves the tests, the demo and the benchmark: a debug build of the hot loops is some forty times slower.
.PHONY: build demo test check format bench soak fuzz clean
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

bench: build
	@Scripts/bootstrap bench
	.venv/bin/python Benchmarks/bench.py --events $(or $(EVENTS),1000000)

soak: build
	@Scripts/bootstrap test
	SEALANE_SOAK=1 .venv/bin/python -m pytest -q -s -p no:cacheprovider Tests/EndToEnd/test_crash.py

fuzz:
	@Scripts/bootstrap test
	$(swift) --build-tests
	SEALANE_FUZZ_SECONDS=$(or $(SECONDS),300) SWIFT_BACKTRACE=enable=no swift test --configuration release --skip-build --filter '[Ff]uzz'

clean:
	rm -rf .build .venv .bench .sealane-demo .sealane-demo.keys .sealane-demo.custodian
