/// RFC 9497, P384-SHA384, mode VOPRF, from the verifier's side, and RFC 9380's P384_XMD:SHA-384_SSWU_RO_, in the browser. Nothing secret goes through
/// it.
enum CurveScript {
  static let text = #"""
    class Curve {
      static p = 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n;
      static n = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973n;
      static a = Curve.p - 3n;
      static b = 0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEFn;
      static g = { x: 0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7n,
        y: 0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5Fn, z: 1n };
      static infinity = { x: 1n, y: 1n, z: 0n };

      static mod(value, by = Curve.p) { const rest = value % by; return rest < 0n ? rest + by : rest; }
      static power(base, exponent) {
        let result = 1n;
        for (let bits = exponent, square = base; bits > 0n; bits >>= 1n) {
          if (bits & 1n) result = result * square % Curve.p;
          square = square * square % Curve.p;
        }
        return result;
      }
      static inverse(value, by = Curve.p) {
        let [left, right, x, y] = [Curve.mod(value, by), by, 1n, 0n];
        while (right !== 0n) { const quotient = left / right; [left, right] = [right, left - quotient * right]; [x, y] = [y, x - quotient * y]; }
        return Curve.mod(x, by);
      }
      static root(square) {
        const root = Curve.power(square, (Curve.p + 1n) / 4n);
        return root * root % Curve.p === square ? root : null;
      }
      static squareAt(x) { return Curve.mod(x * x * x + Curve.a * x + Curve.b); }

      // Jacobian coordinates; a = -3.
      static double({ x, y, z }) {
        if (z === 0n || y === 0n) return Curve.infinity;
        const p = Curve.p, delta = z * z % p, gamma = y * y % p, beta = x * gamma % p;
        const alpha = 3n * (x - delta) * (x + delta) % p, x3 = Curve.mod(alpha * alpha - 8n * beta);
        return { x: x3, y: Curve.mod(alpha * (4n * beta - x3) - 8n * gamma * gamma), z: Curve.mod((y + z) * (y + z) - gamma - delta) };
      }
      static add(left, right) {
        if (left.z === 0n) return right;
        if (right.z === 0n) return left;
        const p = Curve.p, z1 = left.z * left.z % p, z2 = right.z * right.z % p;
        const u1 = left.x * z2 % p, u2 = right.x * z1 % p, s1 = left.y * z2 * right.z % p, s2 = right.y * z1 * left.z % p;
        const h = Curve.mod(u2 - u1), r = Curve.mod(s2 - s1);
        if (h === 0n) return r === 0n ? Curve.double(left) : Curve.infinity;
        const hh = h * h % p, hhh = h * hh % p, v = u1 * hh % p, x3 = Curve.mod(r * r - hhh - 2n * v);
        return { x: x3, y: Curve.mod(r * (v - x3) - s1 * hhh), z: h * left.z * right.z % p };
      }
      static times(factor, point) {
        let result = Curve.infinity;
        for (let bits = factor, power = point; bits > 0n; bits >>= 1n) {
          if (bits & 1n) result = Curve.add(result, power);
          power = Curve.double(power);
        }
        return result;
      }
      static encode(point) {
        if (point.z === 0n) throw new ProofError('not_by_this_key');
        const inverse = Curve.inverse(point.z), square = inverse * inverse % Curve.p;
        const x = point.x * square % Curve.p, y = point.y * square * inverse % Curve.p;
        return Bytes.joined(Uint8Array.of(y & 1n ? 3 : 2), Curve.bytes(x));
      }
      // Null for what is no compressed point.
      static decode(bytes) {
        if (bytes.length !== 49 || (bytes[0] !== 2 && bytes[0] !== 3)) return null;
        const x = Curve.number(bytes.subarray(1));
        if (x >= Curve.p) return null;
        const y = Curve.root(Curve.squareAt(x));
        if (y === null) return null;
        return { x, y: Number(y & 1n) === (bytes[0] & 1) ? y : Curve.p - y, z: 1n };
      }
      static number(bytes) { return BigInt('0x' + Bytes.hex(bytes)); }
      static bytes(number) { return Uint8Array.from(number.toString(16).padStart(96, '0').match(/../g), digits => parseInt(digits, 16)); }
    }

    class Oprf {
      static context = Bytes.joined(Bytes.ofText('OPRFV1-'), Uint8Array.of(1), Bytes.ofText('-P384-SHA384'));
      static async sha384(...parts) { return new Uint8Array(await crypto.subtle.digest('SHA-384', Bytes.joined(...parts))); }
      static framed(bytes) { return Bytes.joined(Uint8Array.of(bytes.length >> 8, bytes.length & 255), bytes); }

      // RFC 9380, sections 5.2 and 5.3.1.
      static async numbers(message, name, count, modulus) {
        const tag = Bytes.joined(Bytes.ofText(name), Oprf.context), end = Bytes.joined(tag, Uint8Array.of(tag.length)), size = 72 * count;
        const start = await Oprf.sha384(new Uint8Array(128), message, Uint8Array.of(size >> 8, size & 255, 0), end);
        let block = await Oprf.sha384(start, Uint8Array.of(1), end), bytes = block;
        for (let number = 2; bytes.length < size; number++) {
          block = await Oprf.sha384(start.map((byte, at) => byte ^ block[at]), Uint8Array.of(number), end);
          bytes = Bytes.joined(bytes, block);
        }
        return Array.from({ length: count }, (_, at) => Curve.number(bytes.subarray(72 * at, 72 * at + 72)) % modulus);
      }
      static async point(message) {
        const [u, v] = await Oprf.numbers(message, 'HashToGroup-', 2, Curve.p);
        return Curve.add(Oprf.mapped(u), Oprf.mapped(v));
      }
      static async scalar(...parts) { return (await Oprf.numbers(Bytes.joined(...parts), 'HashToScalar-', 1, Curve.n))[0]; }
      // RFC 9380, section 6.6.2, with Z = -12.
      static mapped(u) {
        const z = Curve.p - 12n, zu = z * u * u % Curve.p, denominator = (zu * zu + zu) % Curve.p;
        let x = denominator === 0n ? Curve.b * Curve.inverse(z * Curve.a) % Curve.p
          : Curve.mod(-Curve.b * Curve.inverse(Curve.a) * (1n + Curve.inverse(denominator)));
        let y = Curve.root(Curve.squareAt(x));
        if (y === null) { x = zu * x % Curve.p; y = Curve.root(Curve.squareAt(x)); }
        return { x, y: (y & 1n) === (u & 1n) ? y : Curve.p - y, z: 1n };
      }
      // The output, if blind, evaluated element and proof (193 bytes) prove it.
      static async output(input, publicKey, bytes) {
        const blind = Curve.number(bytes.subarray(0, 48)), evaluated = Curve.decode(bytes.subarray(48, 97)), key = Curve.decode(publicKey);
        const challenge = Curve.number(bytes.subarray(97, 145)), response = Curve.number(bytes.subarray(145));
        if (!key || !evaluated || blind === 0n || [blind, challenge, response].some(number => number >= Curve.n)) throw new ProofError('voprf_malformed');
        const blinded = Curve.times(blind, await Oprf.point(input)), keyBytes = Curve.encode(key);
        const seed = await Oprf.sha384(Oprf.framed(keyBytes), Oprf.framed(Bytes.joined(Bytes.ofText('Seed-'), Oprf.context)));
        const weight = await Oprf.scalar(Oprf.framed(seed), Uint8Array.of(0, 0), Oprf.framed(Curve.encode(blinded)), Oprf.framed(Curve.encode(evaluated)), Bytes.ofText('Composite'));
        const m = Curve.times(weight, blinded), z = Curve.times(weight, evaluated);
        const t2 = Curve.add(Curve.times(response, Curve.g), Curve.times(challenge, key));
        const t3 = Curve.add(Curve.times(response, m), Curve.times(challenge, z));
        const transcript = [key, m, z, t2, t3].map(point => Oprf.framed(Curve.encode(point)));
        if (await Oprf.scalar(...transcript, Bytes.ofText('Challenge')) !== challenge) throw new ProofError('not_by_this_key');
        const unblinded = Curve.encode(Curve.times(Curve.inverse(blind, Curve.n), evaluated));
        return Oprf.sha384(Oprf.framed(input), Oprf.framed(unblinded), Bytes.ofText('Finalize'));
      }
    }
    """#
}
