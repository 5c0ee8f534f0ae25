/// Words that stand beside a brand's name in domains that are made to deceive.
enum LureWords {
  static let inDomains: Set<String> = [
    "account", "accounts", "admin", "alert", "alerts", "api", "app", "auth", "bill", "billing", "care", "center", "check", "claim",
    "client",
    "compte", "confirm", "connect", "connexion", "console", "customer", "dashboard", "desk", "email", "facture", "facturation", "fraud",
    "help",
    "helpdesk", "hr", "id", "identity", "incident", "info", "invoice", "it", "key", "keys", "live", "log", "login", "mail", "member", "mfa",
    "my",
    "notice", "notices", "notification", "online", "paiement", "pay", "payment", "payments", "portal", "quota", "recovery", "refund",
    "remboursement", "reset", "secure", "securite", "security", "service", "services", "session", "signin", "sso", "status", "suspended",
    "support",
    "team", "unlock", "update", "user", "validation", "verification", "verify", "wallet", "web", "www",
  ]
}
