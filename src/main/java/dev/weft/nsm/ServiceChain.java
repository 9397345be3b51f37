package dev.weft.nsm;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.List;
import java.util.Locale;

/**
 * A service that is a chain of others.
 *
 * @param service its name, which clients ask for
 * @param via the services on the way, the client's first
 */
public record ServiceChain(String service, List<String> via, Origin origin) {
  /** Where a chain is declared. */
  public enum Origin {
    /** In the configuration of the node that tells; it counts there only. */
    CONFIG,
    /** Over the API, for the whole cluster. */
    API;

    @JsonValue
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
