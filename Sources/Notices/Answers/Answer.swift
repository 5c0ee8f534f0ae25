internal import Events
internal import Foundation

/// What somebody is told who asked whether they are affected.
package struct Answer: Sendable, Hashable {
  package let isAffected: Bool
  package let language: LetterLanguage
  package let subject: String
  package let body: String

  package init(isAffected: Bool, language: LetterLanguage, subject: String, body: String) {
    self.isAffected = isAffected
    self.language = language
    self.subject = subject
    self.body = body
  }

  /// Such as `affected.en`; what is signed says which it is, so that no text can say one thing and its proof another.
  package var kind: String { "\(isAffected ? "affected" : "unaffected").\(language.rawValue)" }

  /// Nil for what is no kind of answer.
  package init?(kind: String, subject: String, body: String) {
    let parts = kind.split(separator: ".", omittingEmptySubsequences: false).map { String($0) }
    guard parts.count == 2, ["affected", "unaffected"].contains(parts[0]), let language = LetterLanguage(rawValue: parts[1]) else {
      return nil
    }
    self.init(isAffected: parts[0] == "affected", language: language, subject: subject, body: body)
  }

  /// Whether the text says which address it is about: in a line of its own, byte for byte.
  func isAbout(_ name: StatementName) -> Bool {
    body.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).contains { $0.elementsEqual(name.value.utf8) }
  }

  /// What is committed to: subject and body.
  package var text: String { "\(subject)\n\n\(body)" }

  /// One statement, and whether whoever asked is named in it.
  package struct Finding: Sendable, Hashable {
    package let statement: Statement
    package let isNamed: Bool

    package init(_ statement: Statement, isNamed: Bool) {
      self.statement = statement
      self.isNamed = isNamed
    }
  }

  /// - Parameters:
  ///   - findings: of every statement that is answered for.
  ///   - address: about which it is: a line of the text, so that nobody passes it off as about somebody else.
  ///   - code: nothing while the code is made of the text.
  package init(
    _ findings: [Finding], about address: StatementName, organization: String, contact: String, code: String, in language: LetterLanguage
  ) {
    let isAffected = findings.contains { $0.isNamed }
    let words = AnswerWords(address: address.value, organization: organization, contact: contact, code: code)
    let lines = findings.map { finding in
      let day = Self.day(finding.statement.madeAt)
      return switch language {
      case .en:
        "- Case \(finding.statement.caseNumber), version \(finding.statement.version) of \(day): \(finding.isNamed ? "the address is in it" : "the address is not in it")"
      case .fr:
        "- Dossier \(finding.statement.caseNumber), version \(finding.statement.version) du \(day) : \(finding.isNamed ? "l’adresse y figure" : "l’adresse n’y figure pas")"
      }
    }.joined(separator: "\n")
    let (subject, body) =
      switch language {
      case .en: words.english(isAffected: isAffected, lines)
      case .fr: words.french(isAffected: isAffected, lines)
      }
    self.init(isAffected: isAffected, language: language, subject: subject, body: body)
  }

  /// Such as 2026-11-29: the same in both languages. Of UTC.
  private static func day(_ time: Timestamp) -> String {
    Date(timeIntervalSince1970: Double(time.milliseconds) / 1000).formatted(.iso8601.year().month().day())
  }
}

/// The texts of answers. Nobody edits them: they say nothing that is not in a statement which people agreed to.
private struct AnswerWords {
  let address: String
  let organization: String
  let contact: String
  let code: String

  func english(isAffected: Bool, _ lines: String) -> (String, String) {
    (
      "\(organization): the answer to your question, was I affected",
      """
      Somebody typed this address on our trust page and asked whether it is among those affected. The answer goes to the address itself, and to nobody else.

      \(address)

      \(isAffected ? "The address is among those that we named as affected." : "The address is not among those that we named as affected.")
      \(lines)

      \(isAffected ? "We write to everybody whom a statement names. That letter says which of your data are concerned, and what to do. If you did not get it, write to the contact below." : "You need not do anything. If we have to correct a statement, we write to everybody who is added to it.")

      What this proves
      The file that is attached proves that this is what we committed to, and that everybody was shown the same statement. It does not prove what somebody took.

      What we will never ask
      We never ask for your password, a code, a key, a payment or access to your computer, not by mail, by phone or in a chat. This message has no links, and it needs no answer. Messages that use the incident may speak of billing, of a quota or of a suspicious login: do not follow them.

      How to check that this message is ours
      Open our trust page as you always do, and give it this message or the file. Our support knows this code too.
      Check code: \(code)

      If it was not you who asked, nothing else came of it: whoever asked was told nothing. We answer to one question a day.

      Questions: \(contact)

      \(organization)
      """
    )
  }

  func french(isAffected: Bool, _ lines: String) -> (String, String) {
    (
      "\(organization) : la réponse à votre question, suis-je concerné",
      """
      Quelqu’un a saisi cette adresse sur notre page de confiance et demandé si elle est concernée. La réponse va à l’adresse elle-même, et à personne d’autre.

      \(address)

      \(isAffected ? "L’adresse fait partie de celles que nous avons déclarées concernées." : "L’adresse ne fait pas partie de celles que nous avons déclarées concernées.")
      \(lines)

      \(isAffected ? "Nous écrivons à toutes les personnes qui figurent dans une déclaration. Cette lettre dit lesquelles de vos données sont concernées, et que faire. Si vous ne l’avez pas reçue, écrivez au contact ci-dessous." : "Vous n’avez rien à faire. Si nous devons corriger une déclaration, nous écrivons à toutes les personnes qui y sont ajoutées.")

      Ce que ce message prouve
      Le fichier joint prouve que c’est bien ce que nous avons déclaré, et que tout le monde a vu la même déclaration. Il ne prouve pas ce que quelqu’un a pris.

      Ce que nous ne demandons jamais
      Nous ne demandons jamais votre mot de passe, un code, une clé, un paiement ou l’accès à votre ordinateur, ni par courriel, ni par téléphone, ni dans une messagerie. Ce message ne contient aucun lien et n’attend aucune réponse. Des messages qui se servent de l’incident peuvent parler de facturation, de quota ou de connexion suspecte : n’y donnez pas suite.

      Comment vérifier que ce message vient de nous
      Ouvrez notre page de confiance comme vous le faites d’habitude, et donnez-lui ce message ou le fichier. Notre assistance connaît aussi ce code.
      Code de contrôle : \(code)

      Si ce n’est pas vous qui avez demandé, rien d’autre n’en a résulté : l’auteur de la question n’a rien appris. Nous répondons à une question par jour.

      Questions : \(contact)

      \(organization)
      """
    )
  }
}
