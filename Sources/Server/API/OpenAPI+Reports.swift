/// Messages that people reported, warnings of lures, and the trust pages.
extension OpenAPI {
  static let reports = """
      /api/v1/incidents/{id}/reports:
        post:
          summary: Hand in a message that somebody reported; it is judged and counted
          description: Needs the scope intake. The message as it came (message/rfc822), as JSON with "message" in base64 or "RawEmail" as text, or as a form with "email", "body-mime" or "message". The answer says what sealane verify would say, by the codes of its reasons.
          parameters: [{name: id, in: path, required: true, schema: {type: string}}]
          requestBody: {required: true, content: {message/rfc822: {}, application/json: {schema: {$ref: "#/components/schemas/Report"}}, multipart/form-data: {}}}
          responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}
      /api/v1/incidents/{id}/campaigns:
        get: {summary: "Campaigns in the messages that people reported, and what customers are warned of (control socket only)", parameters: [{name: id, in: path, required: true, schema: {type: string}}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/incidents/{id}/warnings:
        post: {summary: Have the trust pages warn of a domain or a subject (control socket only), parameters: [{name: id, in: path, required: true, schema: {type: string}}], requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Warning"}}}}, responses: {"201": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/incidents/{id}/warnings/{warning}:
        delete: {summary: Take a warning back (control socket only), parameters: [{name: id, in: path, required: true, schema: {type: string}}, {name: warning, in: path, required: true, schema: {type: string}}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/trust:
        get: {summary: "What the trust pages are made of: anchors, and what the company says of itself (control socket only)", responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
        put: {summary: Set both (control socket only), description: "docs/FORMATS.md, “Trust pages”, says what they hold.", requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Trust"}}}}, responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/trust/pages:
        get: {summary: The trust pages as files (control socket only), responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
    """
}
