internal import Events
internal import Foundation
internal import Vault

/// The custodian's copies of the keys that pseudonyms and tags are made with.
enum LookUpKeys {
  static func read(in directory: URL, project: ProjectID) throws -> Pseudonymizer {
    func key(_ name: String) throws -> SecretKey {
      let file = directory.appendingPathComponent(name)
      guard FileManager.default.fileExists(atPath: file.path) else {
        throw CustodianError.badOption(
          "\(file.path) is missing: without copies of pseudonym.key and tag.key (from the server's key directory) nobody can be found here."
        )
      }
      return try SecretKey(reading: file)
    }
    return Pseudonymizer(
      pseudonymKey: try key(CustodianDirectory.pseudonymKey), tagKey: try key(CustodianDirectory.tagKey), project: project)
  }
}
