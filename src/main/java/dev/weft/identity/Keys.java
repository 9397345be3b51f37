package dev.weft.identity;

import dev.weft.bus.Fault;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.interfaces.ECKey;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECPublicKeySpec;
import org.bouncycastle.crypto.ec.CustomNamedCurves;
import org.bouncycastle.math.ec.ECPoint;

/** ECDSA over P-256 with SHA-256, the one kind of key there is. */
final class Keys {
  static final String SIGNATURE = "SHA256withECDSA";
  private static final String CURVE = "secp256r1";
  // SEC 2, 2.4.2: the order of the curve's group, which no other 256-bit curve shares.
  private static final BigInteger ORDER =
      new BigInteger("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16);

  private Keys() {}

  static KeyPair generate() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec(CURVE));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw Fault.INTERNAL.because("this Java runtime makes no ECDSA P-256 keys", e);
    }
  }

  static boolean isP256(Key key) {
    return key instanceof ECKey ec && ec.getParams().getOrder().equals(ORDER);
  }

  static byte[] sign(PrivateKey key, byte[] data) {
    try {
      Signature signature = Signature.getInstance(SIGNATURE);
      signature.initSign(key);
      signature.update(data);
      return signature.sign();
    } catch (GeneralSecurityException e) {
      throw Fault.INTERNAL.because("signing failed: " + e.getMessage(), e);
    }
  }

  /** False for a signature of other data or by another key, and for bytes that are no signature. */
  static boolean verify(PublicKey key, byte[] data, byte[] sig) {
    try {
      Signature signature = Signature.getInstance(SIGNATURE);
      signature.initVerify(key);
      signature.update(data);
      return signature.verify(sig);
    } catch (SignatureException malformed) {
      return false;
    } catch (GeneralSecurityException e) {
      throw Fault.INTERNAL.because("checking a signature failed: " + e.getMessage(), e);
    }
  }

  /** The other half, computed: a PKCS#8 key need not hold it. */
  static PublicKey publicOf(ECPrivateKey key) {
    ECPoint q = CustomNamedCurves.getByName(CURVE).getG().multiply(key.getS()).normalize();
    java.security.spec.ECPoint w =
        new java.security.spec.ECPoint(
            q.getAffineXCoord().toBigInteger(), q.getAffineYCoord().toBigInteger());
    try {
      return KeyFactory.getInstance("EC").generatePublic(new ECPublicKeySpec(w, key.getParams()));
    } catch (GeneralSecurityException e) {
      throw Fault.INTERNAL.because("computing a public key failed: " + e.getMessage(), e);
    }
  }
}
