/// Ways in that vendors were given, third parties of the company's own site, and the register.
extension OpenAPI {
  static let vendors = """
      /csp-report:
        post:
          summary: Report what a page called against its Content Security Policy (browsers, by report-uri or report-to)
          description: Of each report the directive and the host are counted by day; nothing of the page and of the visitor is kept.
          tags: [intake]
          security: []
          parameters: [{name: token, in: query, required: true, description: The project token., schema: {type: string}}]
          requestBody: {required: true, content: {application/csp-report: {}, application/reports+json: {}}}
          responses:
            "204": {description: "Counted, as far as a third party is in it."}
            default: {description: "Nothing was counted: 400 no report, 401 no token, 413 too large, 415 another content type, 429 too fast, 503 busy.", content: {application/json: {}}}
      /api/v1/third-parties:
        get:
          summary: Hosts that the company's own site calls, and whose they are by vendors' declarations (control socket only)
          parameters: [{$ref: "#/components/parameters/project"}]
          responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}
      /api/v1/vendor-grants:
        get:
          summary: Ways in that vendors were given, with what is wrong with each; those in red first (control socket only)
          parameters:
            - {$ref: "#/components/parameters/project"}
            - {name: vendor, in: query, schema: {type: string}}
            - {name: finding, in: query, schema: {type: string, enum: [retired_but_live, vendor_killed_but_live, used_after_retirement, used_after_revocation, undeclared_vendor, wide_scope, unused_90_days, never_expires]}}
          responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}
        post:
          summary: Write one down by hand; never its secret (control socket only)
          description: 409 where the vendor has one of this client, or name, already.
          parameters: [{$ref: "#/components/parameters/project"}]
          requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/VendorGrant"}}}}
          responses: {"201": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}
      /api/v1/vendor-grants/import:
        post:
          summary: Take in a list as an admin console exports it; the same list twice changes nothing (control socket only)
          description: CSV with names in its first row, a JSON array, an object around one, or an object a line. Rows that are none are named by their lines.
          parameters:
            - {$ref: "#/components/parameters/project"}
            - {name: format, in: query, description: "By the list's beginning where it is left out.", schema: {type: string, enum: [csv, json]}}
          requestBody: {required: true, content: {text/csv: {}, application/json: {}}}
          responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}
      /api/v1/vendor-grants/{id}/retirement:
        post: {summary: Say that the company does not use it any more (control socket only), parameters: [{$ref: "#/components/parameters/grant"}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/vendor-grants/{id}/revocation:
        post: {summary: Say that it opens nothing any more (control socket only), parameters: [{$ref: "#/components/parameters/grant"}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/vendors/register.csv:
        get: {summary: The register of vendors as a table (control socket only), parameters: [{$ref: "#/components/parameters/project"}], responses: {"200": {description: "A vendor a row (RFC 4180).", headers: {Sealane-Ledger-Index: {$ref: "#/components/headers/ledger"}}, content: {text/csv: {}}}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/vendors/register.cdx.json:
        get: {summary: The register of vendors as CycloneDX 1.6 (control socket only), parameters: [{$ref: "#/components/parameters/project"}], responses: {"200": {description: A bill of materials of services., headers: {Sealane-Ledger-Index: {$ref: "#/components/headers/ledger"}}, content: {application/vnd.cyclonedx+json: {}}}, default: {$ref: "#/components/responses/Error"}}}
    """
}
