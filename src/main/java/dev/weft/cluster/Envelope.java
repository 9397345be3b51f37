package dev.weft.cluster;

import com.fasterxml.jackson.annotation.JsonIgnore;
import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import dev.weft.bus.Signer;
import dev.weft.bus.WeftException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * A record as a shared table holds it.
 *
 * @param v version of this record
 * @param table the table it was written for, so that it cannot be moved to another
 * @param key its key in that table
 * @param node id of the writer
 * @param epoch the writer's start count, 0 in a common table
 * @param counter rises with every write of the key
 * @param at Unix seconds of the signature; it orders signatures of one node over one record and
 *     ages tombstones
 * @param body the record as JSON, null for a tombstone
 * @param cert the writer's certificate, DER in base64
 * @param sig signature over all of the above, base64
 */
record Envelope(
    int v,
    String table,
    String key,
    String node,
    long epoch,
    long counter,
    long at,
    String body,
    String cert,
    String sig) {
  static final int VERSION = 1;

  /** Largest record accepted, in characters of JSON. */
  static final int MAX_LENGTH = 8 << 20;

  static Envelope sign(
      Signer signer,
      String table,
      String key,
      String node,
      long epoch,
      long counter,
      long at,
      String body) {
    Envelope open = new Envelope(VERSION, table, key, node, epoch, counter, at, body, null, null);
    Base64.Encoder base64 = Base64.getEncoder();
    String cert = base64.encodeToString(signer.certificate());
    String sig = base64.encodeToString(signer.sign(open.signed()));
    return new Envelope(VERSION, table, key, node, epoch, counter, at, body, cert, sig);
  }

  /** The same record with a later signature, by the certificate that the signer has now. */
  Envelope signAgain(Signer signer, long nowSeconds) {
    return sign(signer, table, key, node, epoch, counter, Math.max(nowSeconds, at + 1), body);
  }

  /** Parses and verifies; INVALID or DENIED says what is wrong with it. */
  static Envelope open(Signer signer, String table, String key, String json) {
    Envelope e = read(table, key, json);
    if (!e.isProven(signer)) {
      throw Fault.DENIED.because("record " + table + "/" + key + " of " + e.unproven());
    }
    return e;
  }

  /** Parses without a proof of who wrote it; INVALID or DENIED says what is wrong with it. */
  static Envelope read(String table, String key, String json) {
    if (json.length() > MAX_LENGTH) {
      throw Fault.invalid("record " + table + "/" + key, json.length(), "at most " + MAX_LENGTH);
    }
    Envelope e = Json.read(json, Envelope.class);
    if (e.v != VERSION && e.v != VERSION - 1) {
      throw Fault.invalid("record " + table + "/" + key + ": version", e.v, "" + VERSION);
    }
    if (!table.equals(e.table) || !key.equals(e.key)) {
      throw Fault.DENIED.because(
          "record " + table + "/" + key + " was written for " + e.table + "/" + e.key);
    }
    return e;
  }

  /** Whether the node that it names has signed it, by a certificate that is trusted now. */
  boolean isProven(Signer signer) {
    return cert != null
        && sig != null
        && signer.signer(decode(cert), signed(), decode(sig)).filter(node::equals).isPresent();
  }

  /** What is said of a record that is not {@link #isProven proven}. */
  String unproven() {
    return "node " + node + ": not signed by it with a valid certificate of this mesh's CA";
  }

  /** Whether {@link #open} takes this record. */
  static boolean isGenuine(Signer signer, String table, String key, String json) {
    try {
      open(signer, table, key, json);
      return true;
    } catch (WeftException e) {
      return false;
    }
  }

  private static byte[] decode(String base64) {
    try {
      return Base64.getDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      throw Fault.INVALID.because("not base64: " + e.getMessage(), e);
    }
  }

  /** Whether this one replaces the other under the same key. */
  boolean newerThan(Envelope other) {
    if (other == null) {
      return true;
    }
    if (epoch != other.epoch) {
      return epoch > other.epoch;
    }
    if (counter != other.counter) {
      return counter > other.counter;
    }
    return node.equals(other.node) ? at > other.at : node.compareTo(other.node) > 0;
  }

  @JsonIgnore
  boolean tombstone() {
    return body == null;
  }

  private byte[] signed() {
    // A length before each part, so that no two records have the same bytes.
    StringBuilder text = new StringBuilder();
    for (Object part : new Object[] {v, table, key, node, epoch, counter, at, body}) {
      String s = part == null ? "-" : "+" + part;
      text.append(s.length()).append(':').append(s);
    }
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }
}
