import Foundation
import Notices
import Trust

/// Writes the trust pages of a file of content and one of anchors into a folder, for tests from outside.
@main
struct TrustSiteMaker {
  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 4 else { return print("TrustSiteMaker CONTENT.json ANCHORS.json FOLDER") }
    let anchors = try TrustAnchors(json: [UInt8](Data(contentsOf: URL(fileURLWithPath: arguments[2]))))
    let content = try TrustContent(json: [UInt8](Data(contentsOf: URL(fileURLWithPath: arguments[1]))), anchors: anchors)
    for (path, bytes) in TrustSite.files(content) {
      let file = URL(fileURLWithPath: arguments[3]).appendingPathComponent(path)
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(bytes).write(to: file)
    }
  }
}
