#include "services/market-data/config.h"

#include "libs/runtime/config.h"

namespace xt::market_data {

void MarketDataConfig::Describe(runtime::ConfigSchema& schema) {
  schema
      .Int64("poll_messages", &poll_messages,
             {.min = 1,
              .max = 10'000,
              .unit = "messages",
              .doc = "How many messages are taken from the market bus at once."})
      .Int64(
          "publish_interval_ms", &publish_interval_ms,
          {.min = 0,
           .max = 10'000,
           .unit = "ms",
           .doc = "Tickers and candles of one symbol are published at most this often; what lies between is left out."})
      .Int64("fallback.patience_ms", &fallback_patience_ms,
             {.min = 100,
              .max = 600'000,
              .unit = "ms",
              .doc = "Nothing from Kafka for so long: it is asked whether it is there, and if not Redis is read."})
      .String("binance.host", &binance_host, {.doc = "Where the venue's WebSocket streams are reached, in plain TCP."})
      .Int64("binance.port", &binance_port, {.max = 65'535, .doc = "Port of the streams."})
      .String("binance.rest_host", &binance_rest_host, {.doc = "Where the venue's REST API is reached, in plain TCP."})
      .Int64("binance.rest_port", &binance_rest_port, {.max = 65'535, .doc = "Port of the REST API."})
      .StringList(
          "binance.symbols", &binance_symbols,
          {.doc = "The venue's symbols to follow, such as BTCUSDT. Empty: no connection is made.", .max_items = 100})
      .Int64("binance.reconnect_min_ms", &reconnect_min_ms,
             {.min = 1, .max = 60'000, .unit = "ms", .doc = "Pause before the first new attempt to connect."})
      .Int64("binance.reconnect_max_ms", &reconnect_max_ms,
             {.min = 1, .max = 600'000, .unit = "ms", .doc = "The pause doubles up to this."})
      .Int64(
          "binance.silence_timeout_ms", &silence_timeout_ms,
          {.min = 100, .max = 600'000, .unit = "ms", .doc = "A connection that is silent for so long is made anew."});
}

}  // namespace xt::market_data
