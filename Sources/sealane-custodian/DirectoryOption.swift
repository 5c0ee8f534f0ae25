import ArgumentParser
import Foundation

/// Where the custodian's directory is.
struct DirectoryOption: ParsableArguments {
  @Option(help: "The custodian's directory. Environment: SEALANE_CUSTODIAN_DATA.")
  var data: String?

  var url: URL {
    get throws {
      guard let path = data ?? ProcessInfo.processInfo.environment["SEALANE_CUSTODIAN_DATA"], !path.isEmpty else {
        throw ValidationError("Name the custodian's directory: --data DIR.custodian, or SEALANE_CUSTODIAN_DATA.")
      }
      return URL(fileURLWithPath: path)
    }
  }
}
