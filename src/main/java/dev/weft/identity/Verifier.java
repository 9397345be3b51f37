package dev.weft.identity;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import java.nio.ByteBuffer;
import java.security.cert.X509Certificate;
import java.util.LinkedHashMap;
import java.util.Map;

/** Checks what other nodes claim to be and what they signed. Safe for use from any thread. */
public final class Verifier {
  private static final int REMEMBERED = 1024;

  private record Proven(X509Certificate certificate, NodeId id) {}

  private final CertificateCheck check;
  private final Map<ByteBuffer, Proven> proven =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<ByteBuffer, Proven> eldest) {
          return size() > REMEMBERED;
        }
      };

  Verifier(CertificateCheck check) {
    this.check = check;
  }

  /** The node id that a certificate proves now. */
  NodeId prove(X509Certificate certificate) {
    return check.prove(certificate);
  }

  /**
   * The node id that a certificate proves. Cheap for one seen before.
   *
   * @param certificateDer X.509 in DER
   * @throws WeftException INVALID if it is no certificate, UNAUTHENTICATED if it proves nothing
   */
  public NodeId verify(byte[] certificateDer) {
    return prove(certificateDer).id;
  }

  /**
   * The id of the node that signed the data, shown by its certificate.
   *
   * @throws WeftException as {@link #verify(byte[])}, and UNAUTHENTICATED if the signature is not
   *     that node's over these data
   */
  public NodeId verify(byte[] certificateDer, byte[] data, byte[] signature) {
    Proven signer = prove(certificateDer);
    if (!Keys.verify(signer.certificate.getPublicKey(), data, signature)) {
      throw Fault.UNAUTHENTICATED.because(
          "signature: not of node " + signer.id + " over these " + data.length + " bytes");
    }
    return signer.id;
  }

  private Proven prove(byte[] der) {
    Proven known;
    synchronized (proven) {
      known = proven.get(ByteBuffer.wrap(der));
    }
    if (known != null) {
      check.checkValidity(known.certificate);
      return known;
    }
    X509Certificate certificate = PemFile.certificate("certificate", der);
    Proven found = new Proven(certificate, check.prove(certificate));
    synchronized (proven) {
      proven.put(ByteBuffer.wrap(der.clone()), found);
    }
    return found;
  }
}
