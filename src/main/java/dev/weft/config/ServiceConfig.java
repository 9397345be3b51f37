package dev.weft.config;

import dev.weft.address.StreamAddress;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A server that a node exports to the mesh.
 *
 * @param target where the server listens
 * @param allow ids of the nodes that may connect; empty for all
 */
public record ServiceConfig(String name, StreamAddress target, List<String> allow) {
  /** Describes names of services in messages. */
  public static final String NAMES = "1 to 255 characters, no spaces";

  private static final Pattern NAME_FORM = Pattern.compile("[^\\s\\p{Cntrl}]{1,255}");

  static final Kind<String> NAME =
      new Kind<>(NAMES, t -> Optional.of(t).filter(ServiceConfig::isName));

  static final Kind<StreamAddress> TARGET =
      new Kind<>(StreamAddress.TARGETS, StreamAddress::target);

  static Optional<ServiceConfig> read(Section s) {
    Optional<String> name = s.required("name", NAME);
    Optional<StreamAddress> target = s.required("target", TARGET);
    List<String> allow = s.list("allow", MeshConfig.NODE);
    s.end();
    return name.isPresent() && target.isPresent()
        ? Optional.of(new ServiceConfig(name.get(), target.get(), allow))
        : Optional.empty();
  }

  /** Whether a service can have this name. */
  public static boolean isName(String text) {
    return NAME_FORM.matcher(text).matches();
  }
}
