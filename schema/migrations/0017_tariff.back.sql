-- the measures of tariffs, the permits and the rates of exchange
DROP TABLE tariff_exchange;
DROP TABLE tariff_measure;
