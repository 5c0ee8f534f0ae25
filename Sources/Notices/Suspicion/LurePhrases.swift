/// Phrases that lures have, in English and French. `|` stands between words of which one is there, `~` for up to five words or none.
enum LurePhrases {
  /// What people are asked for.
  static let secrets: [(LureSign.Kind, [String])] = [
    (
      .password,
      [
        "password|passwords|passcode|passphrase|pwd", "login|sign-in credentials|details|information", "credentials", "username",
        "mot|mots de passe", "identifiant|identifiants",
      ]
    ),
    (
      .code,
      [
        "verification|security|authentication|confirmation|login|sms|one-time|6-digit|six-digit|backup|recovery|2fa|mfa code|codes", "otp",
        "code ~ texted|sent|received|received", "code",
        "code|codes ~ verification|securite|confirmation|sms|recu|recus",
      ]
    ),
    (
      .key,
      [
        "api|secret|access|private|production|live key|keys", "api|access token|tokens",
        "cle|cles ~ api|secrete|secretes|prive|privee|privees|acces", "jeton|jetons",
      ]
    ),
    (
      .card,
      [
        "card number|details|information|data", "credit|debit|bank|payment card", "cvv|cvc|iban", "bank account|details",
        "billing|payment details|information|method",
        "numero|coordonnees ~ carte|bancaire|bancaires", "carte bancaire|bleue|credit|de", "moyen de paiement", "informations de paiement",
      ]
    ),
    (
      .remoteAccess,
      [
        "anydesk|teamviewer|rustdesk|ultraviewer", "remote access|support|session|desktop|control",
        "acces|prise|assistance|controle ~ distance",
      ]
    ),
    (
      .seed,
      [
        "seed phrase|words", "recovery|secret|mnemonic phrase|words", "12|24|twelve|twenty-four words", "phrase ~ recuperation|secrete",
        "12|24|douze|vingt-quatre mots",
      ]
    ),
  ]

  /// Words that ask, before or behind what they ask for.
  static let asking: Set<String> = Set(
    """
    enter confirm verify provide send reply give share update submit tell type re-enter reenter validate supply forward disclose read paste copy
    fill input text email upload complete reset renew change install download allow grant start join open accept connect import restore need require
    requires required requested request asking ask asks
    entrez entrer saisir saisissez confirmer confirmez verifier verifiez fournir fournissez envoyer envoyez repondre repondez donner donnez partager
    partagez communiquer communiquez transmettre transmettez valider validez mettre mettez renseigner renseignez indiquer indiquez taper tapez
    reinitialiser reinitialisez renouveler renouvelez changer changez installer installez telecharger telechargez autoriser autorisez accepter
    acceptez ouvrir ouvrez coller collez importer importez restaurer restaurez actualiser actualisez completer completez demande demandons requis
    exige lisez dictez
    """.split(whereSeparator: \.isWhitespace).map(String.init))

  static let subjects: [(LureSign.Kind, [String])] = [
    (
      .urgency,
      [
        "urgent|urgently|immediately|asap", "as soon as possible", "within ~ hours|hour|minutes|day", "act|respond|reply|log now|today",
        "right away|now", "final|last notice|warning|reminder|chance",
        "expires|expire|expiring|ends ~ today|tonight|tomorrow|hours|soon", "immediate action|attention",
        "before ~ midnight|today|tonight|late", "action required", "without delay", "only ~ hours|minutes left", "top priority",
        "urgent|urgente|urgence", "immediatement|immediate", "sous|dans|d'ici ~ heures|heure|minutes|jours",
        "dernier|derniere|ultime rappel|relance|avertissement|avis|chance", "sans delai|tarder|attendre", "des maintenant|que",
        "le plus vite|rapidement possible",
        "au plus vite|tot", "expire ~ aujourd'hui|demain|soir|heures|bientot", "avant ~ minuit|soir|demain", "action requise",
      ]
    ),
    (
      .threat,
      [
        "legal|court|police action|proceedings|order", "permanently ~ deleted|deletes|delete|closed|lost|erased|removed",
        "will be ~ deleted|erased|terminated|prosecuted", "data|files|photos|documents|videos ~ published|leaked|released|sold",
        "lose|lost ~ access|data|account|files",
        "debt collection|collectors",
        "poursuites|poursuite", "huissier", "recouvrement",
        "definitivement ~ supprime|supprimee|supprimes|supprimees|perdu|perdues|ferme|efface|effacees",
        "sera|seront ~ supprime|supprimee|supprimes|supprimees|efface|effacees|resilie",
        "donnees|fichiers|photos|documents ~ publie|publiees|publies|divulguees|divulgues|vendues",
        "perdre|perdrez|perte ~ acces|donnees|compte", "penalite|penalites|amende", "penalty|fine ~ charged|applied|applies|apply",
      ]
    ),
    (
      .billing,
      [
        "invoice|invoices", "payment ~ failed|declined|overdue|due|rejected|processed",
        "unpaid|overdue|outstanding balance|amount|bill|payment",
        "billing ~ problem|issue|information|details|department|update|error|failed|failure", "past due",
        "card ~ declined|expired|charged",
        "could|can|cannot|unable|not ~ charge|process|renew|renewed|collect ~ card|payment|subscription|plan",
        "could|can not ~ renewed|charged", "billing", "amount due",
        "subscription ~ renewed|renew|renewal|charged|lapsed",
        "facture|factures|facturation", "paiement ~ echoue|refuse|rejete|retard|attente|echec", "impaye|impayes|impayee",
        "prelevement ~ echoue|refuse|rejete", "solde ~ du|impaye", "carte ~ refusee|expiree|debitee",
        "abonnement ~ renouvele|reconduit|debite",
      ]
    ),
    (
      .quota,
      [
        "quota", "mailbox|storage|disk|inbox|space ~ full|limit|exceeded|exceeds|almost", "usage|rate|request|token|api limit|limits|cap",
        "exceeded ~ limit|limits|allowance|storage|plan|usage", "over|reached ~ limit|limits|allowance|cap",
        "out of storage|space|credits", "boite|messagerie ~ pleine|saturee", "espace|stockage ~ plein|sature|insuffisant|depasse",
        "limite|plafond ~ depasse|depassee|atteint|atteinte", "depasse|atteint ~ limite|plafond|quota",
      ]
    ),
    (
      .suspiciousLogin,
      [
        "suspicious|unusual|unauthorized|unauthorised|unrecognized|unrecognised|unknown|strange sign-in|sign|login|log|log-in|activity|access|attempt|attempts|device|session|connection",
        "new|unknown|unfamiliar sign-in|login|log-in|device|location",
        "signed|logged in from", "login|sign-in|access|logins attempt|attempts|from", "someone ~ tried|accessed|logged|signed|has|knows",
        "attempted|tried ~ sign|log|login|access", "new|unknown ~ sign in",
        "connexion|connexions|activite|tentative|tentatives|acces ~ suspecte|suspectes|suspect|inhabituelle|inhabituel|inhabituelles|inconnue|inconnu|frauduleuse|autorise|autorisee",
        "tentative|tentatives ~ connexion|acces|intrusion", "nouvel|nouvelle|nouveau connexion|appareil|acces",
        "connecte|connectee ~ depuis|nouvel|appareil", "quelqu'un ~ essaye|tente|connecte|accede",
      ]
    ),
    (
      .keyRotation,
      [
        "rotate|rotating|rotation|regenerate|roll|reissue|replace ~ key|keys|token|tokens|secret|secrets",
        "key|keys|token|tokens|secret|secrets ~ compromised|leaked|exposed|revoked|expired|expire|expires|rotation|rotated|deactivated",
        "regenerer|regenerez|renouveler|renouvelez|remplacer|remplacez|rotation ~ cle|cles|jeton|jetons|secret|secrets",
        "cle|cles|jeton|jetons ~ compromise|compromises|expose|exposee|exposees|revoquee|revoquees|expire|expirent|fuite",
      ]
    ),
    (
      .suspension,
      [
        "account|profile|access|service|mailbox|workspace|organization ~ suspended|locked|restricted|disabled|deactivated|blocked|limited|closed|terminated|hold|frozen|suspension|deactivate|close|suspend",
        "suspend|suspending|lock|deactivate|restrict|close ~ account|access|service|workspace",
        "suspended|blocked|limited|restricted|locked|closed|disabled ~ account|access",
        "avoid|prevent ~ suspension|interruption|deactivation|closure", "reactivate|restore|unlock ~ account|access|profile|service",
        "compte|acces|profil|service|espace ~ suspendu|suspendus|bloque|restreint|desactive|limite|ferme|verrouille|interrompu|cloture",
        "suspension|blocage|fermeture|desactivation|cloture ~ compte|acces|service",
        "reactiver|reactivez|debloquer|debloquez|retablir|deverrouiller ~ compte|acces|profil|espace|service",
        "suspendu|bloque|limite|restreint|desactive|ferme ~ compte|acces",
        "suspendrons|bloquerons|fermerons|suspendre|bloquer|fermer ~ compte|acces",
      ]
    ),
    (
      .refund,
      [
        "refund|refunds|refunded|reimbursement|overcharged|cashback", "overpaid|overpayment",
        "compensation|settlement ~ claim|payout|eligible|entitled|receive",
        "claim|eligible|entitled ~ compensation|payout|payment|settlement|credit",
        "remboursement|remboursements|rembourse|rembourser|remboursee", "trop percu|paye", "indemnisation|indemnite|dedommagement",
      ]
    ),
    (
      .crypto,
      [
        "bitcoin|bitcoins|btc|ethereum|usdt|crypto|cryptocurrency|blockchain|airdrop|metamask",
        "wallet ~ connect|address|sync|synchronize|validate|verify|funds|seed|phrase|migrate", "connect|validate|sync|verify|link ~ wallet",
        "token ~ presale|airdrop|migration", "gift card|cards",
        "cryptomonnaie|cryptomonnaies|cryptoactifs", "portefeuille ~ connecter|connectez|crypto|numerique|adresse|phrase|synchroniser",
        "connecter|connectez|synchronisez|validez ~ portefeuille", "carte|cartes cadeau|cadeaux",
      ]
    ),
  ]

  /// Words that turn a sentence into its opposite.
  static let negations: Set<String> = [
    "never", "not", "no", "nobody", "none", "neither", "nor", "won't", "don't", "doesn't", "didn't", "wasn't", "weren't", "isn't", "aren't",
    "can't", "cannot", "wouldn't", "without", "nothing",
    "hasn't", "haven't", "ne", "n'", "jamais", "aucun", "aucune", "personne", "ni", "sans", "rien", "pas",
  ]
  /// Words before a negation that make a threat of it.
  static let conditions: Set<String> = [
    "if", "unless", "should", "failure", "failing", "otherwise", "si", "sinon", "faute", "defaut", "tant", "until", "moins",
  ]
  /// Words behind a negation that only hurry.
  static let hurrying: Set<String> = [
    "wait", "delay", "ignore", "hesitate", "worry", "miss", "lose", "attendez", "tardez", "ignorez", "hesitez", "perdez", "response",
    "reply", "reponse", "retour", "later", "only",
    "just", "longer", "attendre", "tarder", "delai", "plus", "seulement",
  ]
}
