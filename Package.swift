// swift-tools-version: 6.2
import PackageDescription

// Every target below is a room of docs/ARCHITECTURE.md: it may import what is listed beside it and nothing else.
// Tests/HouseTests holds this order.
let room: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let database = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")

let package = Package(
  name: "sealane",
  products: [
    .executable(name: "sealane", targets: ["sealane"]),
    .executable(name: "sealane-custodian", targets: ["sealane-custodian"]),
  ],
  dependencies: [
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // C and C++ that Debian maintains, behind the thinnest possible door.
    .target(name: "CSimdJSON", linkerSettings: [.linkedLibrary("simdjson")]),
    .target(name: "CRE2", linkerSettings: [.linkedLibrary("re2")]),
    .target(name: "CCurl", linkerSettings: [.linkedLibrary("curl")]),
    .target(name: "CICU", linkerSettings: [.linkedLibrary("icui18n"), .linkedLibrary("icuuc")]),
    .target(name: "CResolver", linkerSettings: [.linkedLibrary("resolv")]),
    .systemLibrary(name: "CMalloc"),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CMaxMindDB", pkgConfig: "libmaxminddb", providers: [.apt(["libmaxminddb-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CRoaring", providers: [.apt(["libroaring-dev"])]),

    // Bit sets over rows by SIMD instructions, which Swift has no way to.
    .target(name: "CRowBits"),

    // Two system calls that Swift cannot make.
    .target(name: "CProcess"),

    // The rooms, bottom up.
    .target(name: "Events", swiftSettings: room),
    .target(name: "Vault", dependencies: ["Events", "CProcess", crypto], swiftSettings: room),
    .target(name: "Gate", dependencies: ["Events", "Vault", "CMaxMindDB", "CRE2"], swiftSettings: room),
    .target(name: "Intake", dependencies: ["Events", "CSimdJSON", "CZlib", "CZstd", crypto], swiftSettings: room),
    .target(name: "Ledger", dependencies: ["Events", "CRoaring", crypto], swiftSettings: room),
    .target(name: "Journeys", dependencies: ["Events"], swiftSettings: room),
    .target(name: "SegmentStore", dependencies: ["Events", "Journeys", "Gate", "Vault", "CRowBits", "CZstd", crypto], swiftSettings: room),
    .target(name: "Access", dependencies: ["Events", "Ledger", "Passkeys", crypto, database], swiftSettings: room),
    .target(
      name: "Notices", dependencies: ["Events", "Ledger", "CICU", "COpenSSL", "CResolver", crypto, cryptoExtras], swiftSettings: room),
    .target(name: "Answers", dependencies: ["Events", "Ledger", "Journeys", "Access", "CRoaring"], swiftSettings: room),
    .target(name: "Passkeys", dependencies: ["Events", crypto], swiftSettings: room),
    .target(name: "Web", dependencies: ["Events", "Passkeys", hummingbird], swiftSettings: room),
    .target(name: "Demo", dependencies: ["Events"], swiftSettings: room),
    .target(name: "Outbound", dependencies: ["CCurl"], swiftSettings: room),
    .target(name: "Audit", dependencies: ["Events", "Gate", "Outbound", "CProcess", crypto], swiftSettings: room),
    .target(
      name: "Delivery",
      dependencies: [
        "Events", "Ledger", "Access", "Outbound", crypto, logging, "Yams",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      swiftSettings: room),
    .target(name: "Response", dependencies: ["Events", "Ledger", "Access", "Journeys", "Notices", "Relay", crypto], swiftSettings: room),
    .target(
      name: "Relay", dependencies: ["Events", "Vault", "Ledger", "Journeys", "Access", "Outbound", "Delivery", crypto, logging, "Yams"],
      swiftSettings: room),
    .target(
      name: "Custodian",
      dependencies: [
        "Events", "Vault", "Ledger", "Notices", "Access", "Passkeys", "Web", "Outbound", crypto, cryptoExtras, database, hummingbird,
        logging,
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      swiftSettings: room),
    .target(name: "Trust", dependencies: ["Events", "Ledger", "Notices", "Web"], swiftSettings: room),
    .target(
      name: "Console",
      dependencies: [
        "Events", "Web", "Access", "Passkeys", "Ledger", "Journeys", "Gate", "Answers", "Relay", "Response", "Notices", "Delivery",
        hummingbird,
      ],
      swiftSettings: room),
    .target(
      name: "Server",
      dependencies: [
        "Events", "Vault", "Gate", "Intake", "Ledger", "Journeys", "SegmentStore", "Answers", "Access", "Web", "Outbound", "Delivery",
        "Relay", "Response", "Notices", "Trust", "Console",
        "Demo",
        "CMalloc", "CZlib", hummingbird, logging, crypto, "Yams",
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "HummingbirdTLS", package: "hummingbird"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOHTTPCompression", package: "swift-nio-extras"),
        .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      swiftSettings: room),
    .executableTarget(
      name: "sealane", dependencies: ["Server", "Notices", "Audit", "Vault", "Outbound", "Demo", "Events", "Ledger", arguments],
      swiftSettings: room),
    .executableTarget(name: "sealane-custodian", dependencies: ["Custodian", "Notices", "Vault", arguments, logging], swiftSettings: room),

    // Randomness that can be repeated, and bytes that it alters.
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: room),
    .testTarget(
      name: "SegmentStoreTests", dependencies: ["SegmentStore", "Events", "Gate", "Journeys", "Vault", "TestSupport"], swiftSettings: room),
    .testTarget(name: "HouseTests", swiftSettings: room),
    .testTarget(name: "GateTests", dependencies: ["Gate", "Events", "Vault", "TestSupport"], swiftSettings: room),
    .testTarget(name: "WebTests", dependencies: ["Web", "Events", "TestSupport"], swiftSettings: room),
    .testTarget(
      name: "ConsoleTests",
      dependencies: [
        "Console", "Web", "Events", "Journeys", "Ledger", "Access", "Gate", "Notices", "Passkeys", "Relay", "Response", "Vault",
        "SoftAuthenticator",
        "TestSupport",
        crypto, hummingbird,
        logging,
      ],
      swiftSettings: room),
    .testTarget(name: "JourneysTests", dependencies: ["Journeys", "SegmentStore", "Events", "TestSupport"], swiftSettings: room),
    .testTarget(
      name: "IntakeTests", dependencies: ["Intake", "Events", "CSimdJSON", "CZlib", "CZstd", "TestSupport"], swiftSettings: room),
    .testTarget(name: "VaultTests", dependencies: ["Vault", "Events", crypto, "TestSupport"], swiftSettings: room),
    // A passkey in software, which can be told to misbehave, and people who have one.
    .target(name: "SoftAuthenticator", dependencies: ["Access", "Passkeys", crypto], path: "Tests/SoftAuthenticator", swiftSettings: room),
    .testTarget(
      name: "PasskeysTests", dependencies: ["Passkeys", "SoftAuthenticator", "TestSupport", crypto], exclude: ["section16.json"],
      swiftSettings: room),
    .testTarget(
      name: "CustodianTests",
      dependencies: [
        "Custodian", "Access", "Ledger", "Notices", "Vault", "Events", "Passkeys", "Web", "SoftAuthenticator", "TestSupport", crypto,
        database,
        hummingbird, logging,
      ],
      swiftSettings: room),
    .testTarget(
      name: "LedgerTests", dependencies: ["Ledger", "Events", crypto, "TestSupport"], exclude: ["transparency-dev-cases.json"],
      swiftSettings: room),
    .testTarget(
      name: "AccessTests", dependencies: ["Access", "Ledger", "Events", "Passkeys", "SoftAuthenticator", "TestSupport", crypto, database],
      swiftSettings: room),
    .testTarget(
      name: "ServerTests",
      dependencies: [
        "Server", "Outbound", "Demo", "Events", "Access", "Ledger", "Journeys", "SegmentStore", "Gate", "Vault", "Passkeys",
        "SoftAuthenticator", "TestSupport",
        "Yams", crypto,
      ],
      swiftSettings: room),
    .testTarget(
      name: "DeliveryTests", dependencies: ["Delivery", "Access", "Ledger", "Events", "Outbound", "TestSupport", logging],
      swiftSettings: room),
    .testTarget(
      name: "AnswersTests", dependencies: ["Answers", "Access", "Ledger", "Journeys", "Events", "TestSupport"], swiftSettings: room),
    .testTarget(
      name: "RelayTests",
      dependencies: [
        "Relay", "SegmentStore", "Gate", "Access", "Ledger", "Journeys", "Vault", "Delivery", "Events", "Outbound", "TestSupport", logging,
      ],
      swiftSettings: room),
    .testTarget(
      name: "ResponseTests", dependencies: ["Response", "Notices", "Access", "Journeys", "Ledger", "Events", "TestSupport", crypto],
      swiftSettings: room),
    .testTarget(
      name: "NoticesTests", dependencies: ["Notices", "Ledger", "Events", "TestSupport", crypto, cryptoExtras],
      exclude: ["Mail/canonical-words.json", "Mail/look-alikes.json", "Mail/lures.json"],
      swiftSettings: room),
    .testTarget(name: "AuditTests", dependencies: ["Audit", "Events", "TestSupport"], swiftSettings: room),
    // The trust pages as files, for tests from outside.
    .executableTarget(name: "TrustSiteMaker", dependencies: ["Trust", "Notices"], path: "Tests/TrustSiteMaker", swiftSettings: room),
    .testTarget(
      name: "TrustTests", dependencies: ["Trust", "Notices", "Ledger", "Events", "TestSupport", crypto, cryptoExtras], swiftSettings: room),
    .testTarget(name: "DemoTests", dependencies: ["Demo", "Events"], swiftSettings: room),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)
