extension LetterTemplate {
  private static let advice = """
    Ce que nous vous conseillons, dans cet ordre
    1. Activez une clé d’accès (passkey), ou un autre second facteur, pour votre compte.
    2. Attendez-vous à des messages qui se servent de cet incident : facturation, quota, connexion suspecte, clés à remplacer. Ne suivez pas leurs liens et n’y répondez pas.
    3. {{rotate_keys}}

    Ce que nous ne demandons jamais
    Nous ne demandons jamais votre mot de passe, un code, une clé, un paiement ou l’accès à votre ordinateur, ni par courriel, ni par téléphone, ni dans une messagerie. Ce message ne contient aucun lien et n’attend aucune réponse.

    Comment vérifier que ce message vient de nous
    Ouvrez notre console comme vous le faites d’habitude, puis Sécurité, puis Messages : ce code de contrôle y figure. Le fichier joint le prouve à quiconque possède notre clé publique.
    Code de contrôle : {{check_code}}

    Questions : {{contact}}
    Prochaine information : {{next_update}}

    {{company}}
    Dossier {{case}}
    """

  static let french: [LetterTemplate] = [
    LetterTemplate(
      LetterKind(.person, .fr), subject: "{{company}} : un incident qui concerne vos données (dossier {{case}})",
      body: """
        Ce message a un seul objet : quelqu’un a eu accès à des données vous concernant, sans y être autorisé.

        Ce qui s’est passé
        {{what_happened}}

        Lesquelles de vos données
        {{fields}}

        Ce qui n’est pas concerné
        {{not_involved}}

        Depuis quand nous le savons
        {{when_we_knew}}

        Ce que nous avons fait
        {{what_we_did}}

        \(advice)
        """),
    toOrganization(
      .administrator,
      because: "Vous le recevez parce que vous administrez cette organisation chez nous. Les personnes elles-mêmes sont informées aussi."),
    toOrganization(
      .contact,
      because:
        "Vous le recevez parce que cette adresse nous a été donnée par l’organisation. Ses administrateurs et les personnes elles-mêmes sont informés aussi."
    ),
  ]

  /// The same to an organization's administrators and to its contact, but for why they get it.
  private static func toOrganization(_ audience: Audience, because reason: String) -> LetterTemplate {
    LetterTemplate(
      LetterKind(audience, .fr),
      subject: "{{company}} : un incident qui concerne des personnes de {{organization}} (dossier {{case}})",
      body: """
        Ce message a un seul objet : quelqu’un a eu accès à des données de personnes de {{organization}}, sans y être autorisé. \(reason)

        Ce qui s’est passé
        {{what_happened}}

        Qui est concerné dans votre organisation, et par quelles données
        {{people}}

        Ce qui n’est pas concerné
        {{not_involved}}

        Depuis quand nous le savons
        {{when_we_knew}}

        Ce que nous avons fait
        {{what_we_did}}

        \(advice)
        """)
  }

  /// The templates that come with the program, one of each kind.
  package static let standard: [LetterKind: LetterTemplate] = Dictionary(
    uniqueKeysWithValues: (english + french).map { ($0.kind, $0) })
}
