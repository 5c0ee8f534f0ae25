/// What the custodian cannot go on with.
package enum CustodianError: Error, Sendable, CustomStringConvertible {
  case damagedStore(String)
  /// The private key of an HPKE key that is in use is not among the files.
  case missingPrivateKey(id: String)
  /// The server answered what its contract does not allow here; `sentence` is the server's own, cut short.
  case unexpectedAnswer(request: String, status: Int, sentence: String)
  case alreadyRunning(path: String)
  case badOption(String)

  package var description: String {
    switch self {
    case .damagedStore(let what):
      "The custodian's database is damaged: \(what). Stop the custodian, restore its directory from its backup, then run: sealane-custodian doctor."
    case .missingPrivateKey(let id):
      "The private key hpke-\(id).key is in use and its file is missing: restore the custodian's directory from its backup."
    case .unexpectedAnswer(let request, let status, let sentence):
      switch status {
      case 401: "\(request): the server does not know this custodian's token (401); enrol it again, or restore server.token."
      case 404: "\(request): there is no such place at the server (404); check --server, and that the server is of the same version."
      default: "\(request): the server answered \(status)\(sentence.isEmpty ? "" : ": \(sentence)")"
      }
    case .alreadyRunning(let path): "Another sealane-custodian works on \(path); stop it first."
    case .badOption(let what): what
    }
  }
}
